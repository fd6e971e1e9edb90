//! Drawing: state in, frame out.
