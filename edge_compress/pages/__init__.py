"""What all our HTML pages share: the style, how figures are written, drawings."""
