//! Where the wardrobe is kept: the data file, its history and its lock.
