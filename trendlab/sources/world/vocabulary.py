"""Words of the world: sentences by tone and language, themes, names, places.

English sentences are written so that VADER gives them the tone that they stand for;
tags, topics and themes hold no word of its lexicon, so that they add no tone
(`tests/sources/test_world_text.py` checks both).
"""

from __future__ import annotations

# Order of the tones; positions are used as codes.
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

# A caption is opener + phrase + closer; openers end without punctuation.
OPENERS: dict[int, tuple[str, ...]] = {
    NEGATIVE: (
        "So disappointed today",
        "Worst quality I have ever seen",
        "This is awful",
        "Terrible fit and ugly fabric",
        "Really annoyed this morning",
        "I hate how this turned out",
        "Horrible service again",
        "What a waste of money",
        "Angry and upset",
        "It fell apart and I am upset",
        "Sad to say it looks cheap and ugly",
        "Such a bad experience",
        "Regret buying this",
        "Frustrating afternoon",
    ),
    NEUTRAL: (
        "Today's outfit",
        "Walking to work",
        "Monday again",
        "From the archive",
        "Between two meetings",
        "Third day of the week",
        "On the way to the studio",
        "Notes from the fitting room",
        "Around the corner",
        "Same street, other side",
        "Layers for the afternoon",
        "Seen near the station",
        "Look four of the series",
        "Before the train leaves",
        "Back in the neighbourhood",
        "Half past eight",
    ),
    POSITIVE: (
        "Loving this so much",
        "So happy with this find",
        "Beautiful light this morning",
        "Best purchase of the season",
        "This made my day, such a great fit",
        "Absolutely gorgeous",
        "In love with the cut",
        "Perfect for the weekend",
        "Feeling great today",
        "An amazing find",
        "Such a lovely afternoon",
        "Really enjoying this",
        "The nicest thing I own",
        "Proud of this one",
        "Wonderful walk",
        "Excited to wear this again",
    ),
}

CLOSERS: dict[int, tuple[str, ...]] = {
    NEGATIVE: (
        ". Such a bad day",
        ". I feel cheated",
        ". What a shame",
        ". So frustrating",
        ". Poor quality",
        ". Very disappointing",
        ". It is ruined",
        "!",
        ".",
    ),
    NEUTRAL: (
        ". Details in the next post",
        ". Size and shop in the comments",
        ". What would you put with it?",
        ". Photo by my sister",
        ". More tomorrow",
        ". Second time this week",
        ". Part two is on the blog",
        ". Seen on the corner",
        ".",
        "",
    ),
    POSITIVE: (
        ". Highly recommended",
        ". It is amazing",
        ". What a lovely day",
        ". Thanks for the kind words",
        ". So comfortable",
        ". Honestly great",
        " ✨ love it",
        ". Happy weekend",
        "!",
        ".",
    ),
}

COMMENTS: dict[int, tuple[str, ...]] = {
    NEGATIVE: (
        "This looks awful",
        "Mine fell apart, such bad quality",
        "Really disappointed with them",
        "What a shame",
        "Ugly, sorry",
        "The worst order I ever made",
        "They ignored my complaint, terrible",
        "I hate this",
        "Poor quality, I am upset",
        "So annoying, it never arrived",
        "Cheap and nasty",
        "A waste of money",
    ),
    NEUTRAL: (
        "What size is it?",
        "Where did you find this?",
        "Which shop is that?",
        "Is it wool or cotton?",
        "Saw this in the window yesterday",
        "Same one in black here",
        "How long is the sleeve?",
        "Does it come in other colours?",
        "Two weeks ago it was on the rail",
        "Which street is this?",
        "Ordering on Monday",
        "First",
    ),
    POSITIVE: (
        "Love this so much",
        "So beautiful",
        "This is perfect",
        "Gorgeous as always",
        "Best look this week",
        "You look amazing",
        "Great find, well done",
        "Wow, stunning",
        "I love the colour",
        "So cute 😍",
        "Lovely photo",
        "Thank you, this helped",
    ),
}

# What is written under the posts of one who buys comments.
BOUGHT_COMMENTS = (
    "Absolutely obsessed with everything about this look, keep inspiring us",
    "Your feed is my daily dose of inspiration, never stop creating",
    "This is such quality content, everyone should follow this page",
    "I wish my wardrobe looked like this, you are a true icon",
)

# Captions in other languages: (openers, closers). Tone is not planted in them.
FOREIGN: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "fr": (
        (
            "Ma tenue du jour pour aller au bureau ce matin",
            "Un petit tour au marché avec mon nouveau manteau",
            "Encore une journée de pluie dans notre quartier",
            "Je porte la veste que ma sœur m'a prêtée",
            "Voici ce que j'ai trouvé dans la boutique du coin",
        ),
        (
            ", et vous, que portez-vous aujourd'hui ?",
            ". La suite demain matin.",
            ", avec des chaussures trouvées l'année dernière.",
        ),
    ),
    "it": (
        (
            "Il mio vestito di oggi per andare in ufficio",
            "Una passeggiata in centro con la giacca nuova",
            "Ancora una giornata di pioggia nel quartiere",
            "Ecco quello che ho trovato nel negozio di mia zia",
            "Questa gonna era di mia madre negli anni ottanta",
        ),
        (
            ", voi cosa indossate oggi?",
            ". Domani vi racconto il resto.",
            ", con le scarpe dell'anno scorso.",
        ),
    ),
    "es": (
        (
            "Mi ropa de hoy para ir al trabajo",
            "Un paseo por el centro con la chaqueta nueva",
            "Otro día de lluvia en nuestro barrio",
            "Esto es lo que encontré en la tienda de la esquina",
            "La falda que llevaba mi madre en los años ochenta",
        ),
        (
            ", ¿y vosotros qué lleváis hoy?",
            ". Mañana os cuento el resto.",
            ", con los zapatos del año pasado.",
        ),
    ),
    "pt": (
        (
            "A minha roupa de hoje para ir ao trabalho",
            "Um passeio pelo centro com o casaco novo",
            "Mais um dia de chuva no nosso bairro",
            "Olha o que eu encontrei na loja da esquina",
            "A saia que a minha mãe usava nos anos oitenta",
        ),
        (
            ", e vocês, o que estão usando hoje?",
            ". Amanhã eu conto o resto.",
            ", com os sapatos do ano passado.",
        ),
    ),
    "de": (
        (
            "Mein heutiges Outfit für den Weg ins Büro",
            "Ein Spaziergang durch die Stadt mit der neuen Jacke",
            "Wieder ein Regentag in unserem Viertel",
            "Das habe ich im Laden an der Ecke gefunden",
            "Den Rock hat meine Mutter in den achtziger Jahren getragen",
        ),
        (
            ", und was tragt ihr heute?",
            ". Morgen erzähle ich euch mehr.",
            ", dazu die Schuhe vom letzten Jahr.",
        ),
    ),
    "ja": (
        (
            "今日のコーディネートです",
            "新しいジャケットで街を歩きました",
            "今日も雨でした",
            "駅前のお店で見つけました",
            "母が昔着ていたスカートです",
        ),
        (
            "。続きはまた明日。",
            "。みなさんは何を着ていますか?",
            "。靴は去年のものです。",
        ),
    ),
    "ko": (
        (
            "오늘의 코디입니다",
            "새 재킷을 입고 거리를 걸었어요",
            "오늘도 비가 왔어요",
            "역 앞 가게에서 찾았어요",
            "어머니가 예전에 입던 치마예요",
        ),
        (". 내일 또 올릴게요.", ". 여러분은 무엇을 입었나요?", ". 신발은 작년 거예요."),
    ),
}
LANGUAGES = tuple(FOREIGN)

LANGUAGE_OF_COUNTRY = {
    "AR": "es",
    "AT": "de",
    "BR": "pt",
    "CO": "es",
    "DE": "de",
    "ES": "es",
    "FR": "fr",
    "IT": "it",
    "JP": "ja",
    "KR": "ko",
    "MX": "es",
    "PT": "pt",
}

# Themes of peaks: two words and a hashtag each.
PEAK_THEMES = (
    (("capsule", "solstice"), "solsticecapsule"),
    (("runway", "river"), "riverrunway"),
    (("livestream", "atelier"), "atelierlive"),
    (("popup", "orchard"), "orchardpopup"),
    (("rooftop", "harbour"), "harbourrooftop"),
    (("gallery", "kites"), "kitegallery"),
)
# Topics of dips likewise.
DIP_THEMES = (
    (("zipper", "stitching"), "zippergate"),
    (("parcel", "courier"), "parcelgate"),
    (("dye", "lining"), "dyegate"),
    (("calendar", "sandals"), "calendargate"),
    (("voucher", "deposit"), "vouchergate"),
    (("sizing", "label"), "sizinggate"),
)
# Events: what surges, with its words.
EVENT_THEMES = (
    ("colour", "yellow", ("lanterns", "riverside"), "lanternnight"),
    ("colour", "green", ("parade", "avenue"), "paradeday"),
    ("garment", "headwear", ("regatta", "quayside"), "regattaweek"),
    ("colour", "purple", ("blossoms", "hillside"), "blossomweek"),
)

TAGS_FIRST = (
    "styleinspo",
    "wiwt",
    "lookoftheday",
    "outfitinspo",
    "dailylook",
    "whatiworetoday",
    "stylediary",
    "outfitpost",
    "mylook",
    "styleblog",
)
TAGS_SECOND = (
    "instafashion",
    "closet",
    "wardrobe",
    "layering",
    "tailoring",
    "monochrome",
    "capsulewardrobe",
    "textures",
    "silhouette",
    "seasonless",
    "mirror",
    "fashionblogger",
)

# Caption words of the garment classes and colours: "top" and "grey" have a tone.
GARMENT_WORDS = (
    "bag",
    "belt",
    "boots",
    "shoes",
    "coat",
    "dress",
    "sunglasses",
    "trousers",
    "shirt",
    "shorts",
    "skirt",
    "hat",
    "scarf",
)
COLOUR_WORDS = (
    "black",
    "white",
    "charcoal",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
)

HANDLE_FIRST = (
    "mara",
    "noor",
    "juno",
    "tessa",
    "ilse",
    "remy",
    "dario",
    "suri",
    "lena",
    "oskar",
    "pia",
    "taro",
    "yuna",
    "caio",
    "bea",
    "ravi",
)
HANDLE_SECOND = (
    "wears",
    "atelier",
    "threads",
    "closet",
    "daily",
    "studio",
    "layers",
    "looks",
    "fits",
    "seams",
)

# Towns far from any monitored city of the seed list: name, latitude, longitude.
ELSEWHERE = (
    ("Reykjavik", 64.1466, -21.9426),
    ("Honolulu", 21.3069, -157.8583),
    ("Tromso", 69.6492, 18.9553),
    ("Windhoek", -22.5609, 17.0658),
    ("Perth", -31.9505, 115.8605),
    ("Anchorage", 61.2181, -149.9003),
)
# What people write in a profile instead of a place.
NO_PLACES = ("worldwide", "on the road", "somewhere with coffee")
