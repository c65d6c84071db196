//! Baking: what makes images.

pub mod ami;
