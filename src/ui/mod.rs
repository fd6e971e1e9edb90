//! Drawing: state in, frame out.

pub mod layout;
pub mod svg;
pub mod text;
pub mod theme;
