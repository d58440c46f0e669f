//! Which keys the meters of a maker need, and who hands them out.

use crate::p1::ciphering::SystemTitle;

/// The maker and the keys to ask for, by the letters of a title; `None` where the country decides alone.
pub fn keys_of(title: SystemTitle) -> Option<&'static str> {
    Some(match title.0.get(..3)? {
        b"KFM" => "a Kaifa, as in Austria: ask for the GUEK; it needs no second key",
        b"KAM" => "a Kamstrup, as in Denmark: ask for GPK60 (--key) and GPK61 (--auth-key)",
        b"LGZ" => {
            "a Landis+Gyr: in Austria ask for GUEK (--key) and GAK (--auth-key),\nin Switzerland for both keys of the customer port"
        }
        b"ISK" => {
            "an Iskraemeco: in Austria ask for the GUEK, in Slovenia and Switzerland\nfor the keys of the customer port, one or two"
        }
        b"SIT" | b"LNT" => "a Siemens, as in Austria: ask for the GUEK; it needs no second key",
        b"EGM" => "an Elgama, as in Poland: ask for both keys of the customer port",
        _ => return None,
    })
}
