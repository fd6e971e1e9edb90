//! Drawing: state in, frame out.

pub mod text;
