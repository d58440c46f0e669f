//! placeholder until the table lands
use super::context::Context;
use super::fields::Fields;
use crate::p1::event::Decoded;
/// opts
pub struct TableOptions {
    /** w */
    pub width: Option<usize>,
    /** f */
    pub fields: Option<Fields>,
}
/// write
pub fn write(out: &mut Vec<u8>, d: &Decoded<'_>, _c: &Context<'_>, o: &TableOptions) {
    let _ = (&o.width, &o.fields);
    out.extend_from_slice(d.text);
}
/// help
pub fn write_fields_help(_out: &mut Vec<u8>) {}
