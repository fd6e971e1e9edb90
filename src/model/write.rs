//! Serialization to JSON in the canonical form of the data file: indented by two spaces, recognized fields first and
//! in a fixed order, unrecognized fields and keys sorted, with a newline at the end. Equal wardrobes give equal bytes.

use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::{Attachment, CatalogHat, Extra, Hats, Hue, Jid, Room, User, Wardrobe};

/// The format version that is written, and the highest that can be read.
pub const VERSION: u64 = 1;

/// Serializes the whole data file.
pub fn wardrobe(wardrobe: &Wardrobe) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces(wardrobe) {
        piece.write(&mut out);
    }
    out
}

/// Serializes any value in the form of the data file.
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    write_at_depth(0, value, &mut out);
    out.push(b'\n');
    out
}

/// Serializes any value on one line without whitespace.
pub fn compact<T: Serialize + ?Sized>(value: &T) -> String {
    // This cannot fail: all map keys are strings, and writing to memory does not fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// A piece of the data file; all pieces concatenated are the whole file. Pieces can be written independently, by
/// several threads.
#[derive(Debug, Clone, Copy)]
pub struct Piece<'a>(PieceKind<'a>);

#[derive(Debug, Clone, Copy)]
enum PieceKind<'a> {
    Head(&'a Wardrobe),
    Room {
        is_first: bool,
        jid: &'a Jid,
        room: &'a Room,
    },
    Tail(&'a Wardrobe),
}

/// The pieces of the data file in order.
pub fn pieces(wardrobe: &Wardrobe) -> impl Iterator<Item = Piece<'_>> {
    let rooms = wardrobe
        .rooms()
        .enumerate()
        .map(|(index, (jid, room))| PieceKind::Room {
            is_first: index == 0,
            jid,
            room,
        });
    let kinds = std::iter::once(PieceKind::Head(wardrobe))
        .chain(rooms)
        .chain(std::iter::once(PieceKind::Tail(wardrobe)));
    kinds.map(Piece)
}

impl Piece<'_> {
    /// Whether the piece is a room, including the separator before it.
    pub fn is_room(&self) -> bool {
        matches!(self.0, PieceKind::Room { .. })
    }

    /// Appends the piece's bytes.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.0 {
            PieceKind::Head(wardrobe) => {
                let head = format!(
                    "{{\n  \"version\": {VERSION},\n  \"revision\": {},\n  \"rooms\": {{",
                    wardrobe.revision
                );
                out.extend_from_slice(head.as_bytes());
            }
            PieceKind::Room { is_first, jid, room } => {
                out.extend_from_slice(if is_first { b"\n    " } else { b",\n    " });
                write_string(out, jid.as_str());
                out.extend_from_slice(b": ");
                write_at_depth(2, room, out);
            }
            PieceKind::Tail(wardrobe) => {
                out.extend_from_slice(if wardrobe.rooms().len() == 0 {
                    b"}"
                } else {
                    b"\n  }"
                });
                for (name, value) in wardrobe.extra.iter() {
                    out.extend_from_slice(b",\n  ");
                    write_string(out, name);
                    out.extend_from_slice(b": ");
                    write_at_depth(1, value, out);
                }
                out.extend_from_slice(b"\n}\n");
            }
        }
    }
}

/// Appends a JSON string.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    // Writing to memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// Appends a value in the form of the data file. `depth` is the number of objects that contain the value.
fn write_at_depth<T: Serialize + ?Sized>(depth: usize, value: &T, out: &mut Vec<u8>) {
    let mut serializer = serde_json::Serializer::with_formatter(
        out,
        PrettyFormatter {
            depth,
            has_items: false,
        },
    );
    // As in `compact`, this cannot fail.
    let _ = value.serialize(&mut serializer);
}

/// Like the pretty formatter of `serde_json`, but can start at any depth, and also formats raw JSON.
struct PrettyFormatter {
    /// The number of objects and lists that contain the current position.
    depth: usize,
    /// Whether the current object or list has items.
    has_items: bool,
}

impl PrettyFormatter {
    fn new_line<W: io::Write + ?Sized>(&self, out: &mut W) -> io::Result<()> {
        const LINE: &[u8; 65] = b"\n                                                                ";
        out.write_all(LINE.get(..=2 * self.depth).unwrap_or(LINE))?;
        for _ in 32..self.depth {
            out.write_all(b"  ")?;
        }
        Ok(())
    }

    fn open<W: io::Write + ?Sized>(&mut self, out: &mut W, bracket: u8) -> io::Result<()> {
        self.depth += 1;
        self.has_items = false;
        out.write_all(&[bracket])
    }

    fn close<W: io::Write + ?Sized>(&mut self, out: &mut W, bracket: u8) -> io::Result<()> {
        self.depth = self.depth.saturating_sub(1);
        if self.has_items {
            self.new_line(out)?;
        }
        self.has_items = true;
        out.write_all(&[bracket])
    }

    fn item<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.new_line(out)
    }
}

impl Formatter for PrettyFormatter {
    fn begin_array<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b'[')
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b']')
    }

    fn begin_array_value<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.item(out, first)
    }

    fn end_array_value<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_items = true;
        Ok(())
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.open(out, b'{')
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        self.close(out, b'}')
    }

    fn begin_object_key<W: io::Write + ?Sized>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.item(out, first)
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn end_object_value<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.has_items = true;
        Ok(())
    }

    /// Formats raw JSON, which must have no whitespace between its tokens.
    fn write_raw_fragment<W: io::Write + ?Sized>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let (mut is_in_string, mut is_escaped) = (false, false);
        // After an opening bracket, a new line follows unless the object or list is empty.
        let mut is_after_opening = false;
        for byte in fragment.bytes() {
            if std::mem::take(&mut is_after_opening) && !matches!(byte, b'}' | b']') {
                self.has_items = true;
                self.new_line(out)?;
            }
            match byte {
                _ if is_in_string => {
                    is_in_string = is_escaped || byte != b'"';
                    is_escaped = !is_escaped && byte == b'\\';
                    out.write_all(&[byte])?;
                }
                b'{' | b'[' => {
                    is_after_opening = true;
                    self.open(out, byte)?;
                }
                b'}' | b']' => self.close(out, byte)?,
                b',' => self.item(out, false)?,
                b':' => out.write_all(b": ")?,
                _ => {
                    is_in_string = byte == b'"';
                    out.write_all(&[byte])?;
                }
            }
        }
        Ok(())
    }
}

impl Serialize for Extra {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Serialize for Hue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_json().serialize(serializer)
    }
}

impl Serialize for Hats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl Serialize for Attachment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        write_optional(&mut map, "active", self.active.as_ref())?;
        write_optional(&mut map, "required", self.required.as_ref())?;
        write_optional(&mut map, "title", self.title.as_deref())?;
        write_unrecognized_and_end(map, &self.extra)
    }
}

impl Serialize for CatalogHat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        write_optional(&mut map, "title", self.title.as_deref())?;
        write_optional(&mut map, "hue", self.hue.as_ref())?;
        write_unrecognized_and_end(map, &self.extra)
    }
}

impl Serialize for User {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("affiliation", &self.affiliation)?;
        map.serialize_entry("hats", &self.hats)?;
        write_unrecognized_and_end(map, &self.extra)
    }
}

impl Serialize for Room {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Users<'a>(&'a [(Jid, User)]);
        impl Serialize for Users<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|(jid, user)| (jid, user)))
            }
        }
        let mut map = serializer.serialize_map(None)?;
        write_optional(&mut map, "name", self.name.as_deref())?;
        write_optional(
            &mut map,
            "hats",
            Some(&self.catalog).filter(|catalog| !catalog.is_empty()),
        )?;
        map.serialize_entry("users", &Users(self.users()))?;
        write_unrecognized_and_end(map, &self.extra)
    }
}

fn write_optional<M: SerializeMap, T: Serialize + ?Sized>(
    map: &mut M,
    name: &str,
    value: Option<&T>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

fn write_unrecognized_and_end<M: SerializeMap>(mut map: M, extra: &Extra) -> Result<M::Ok, M::Error> {
    for (name, value) in extra.iter() {
        map.serialize_entry(name, value)?;
    }
    map.end()
}
