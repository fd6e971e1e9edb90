//! The terminal session: input, signals, the drawing loop. The only place that runs effects.
