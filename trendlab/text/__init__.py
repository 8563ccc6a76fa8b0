"""Text: language, sentiment, words."""
