"""Training material, made as it is needed: sharp pictures, blurs and noise, all from one seed and a number."""
