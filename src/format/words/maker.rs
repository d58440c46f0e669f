//! Which keys the meters of a maker need, and who hands them out.

use super::text::text;
use crate::p1::ciphering::SystemTitle;

/// The maker and the keys to ask for, by the letters of a title; `None` where the country decides alone.
pub fn keys_of(title: SystemTitle) -> Option<String> {
    let id = match title.0.get(..3)? {
        b"KFM" => "maker-kfm",
        b"KAM" => "maker-kam",
        b"LGZ" => "maker-lgz",
        b"ISK" => "maker-isk",
        b"SIT" | b"LNT" => "maker-sit",
        b"EGM" => "maker-egm",
        _ => return None,
    };
    text(id, &[])
}
