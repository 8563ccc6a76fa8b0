"""Fashion trend analytics from social media: posts and photos in, marts out."""
