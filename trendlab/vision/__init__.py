"""Photos in, garments with attributes out."""
