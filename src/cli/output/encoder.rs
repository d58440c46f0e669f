//! The table of `--format parquet` and `arrow`: its rows are encoded beside the decoder, where there are threads.

use std::rc::Rc;

use crate::format::columnar::{Columnar, ColumnarFault, Encoding};
use crate::observe::context::Context;
use crate::p1::event::Decoded;
use crate::run::Pool;
use crate::run::pool::Ticket;
use crate::source::maxsonar::Level;

/// Makes a table, and encodes its rows.
pub struct Encoder {
    columnar: Box<Columnar>,
    /// Threads that encode, where there is more than one.
    pool: Option<Rc<Pool>>,
    /// Rows that they have.
    under_way: Option<Ticket<Encoding>>,
}

impl Encoder {
    /// Encodes the rows of a table on this thread.
    pub fn new(columnar: Box<Columnar>) -> Self {
        Self {
            columnar,
            pool: None,
            under_way: None,
        }
    }

    /// Encodes on another thread, where there is one.
    pub fn share(&mut self, pool: &Rc<Pool>) {
        // One of many threads is enough, and each would keep what memory it takes.
        self.pool = pool.is_parallel().then(|| match pool.size() {
            ..=2 => Rc::clone(pool),
            _ => Rc::new(Pool::new(2)),
        });
    }

    /// Takes a telegram as a row.
    pub fn telegram(&mut self, context: &Context<'_>, decoded: &Decoded<'_>) {
        self.columnar.telegram(context, decoded);
    }

    /// Takes a reading of a level sensor as a row.
    pub fn level(&mut self, context: &Context<'_>, level: &Level) {
        self.columnar.level(context, level);
    }

    /// Lets rows be encoded where they are many, and appends the bytes that are ready.
    ///
    /// # Errors
    /// Where rows cannot be encoded; the table is of no use then.
    pub fn encode(&mut self, out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        let encoded = match &self.under_way {
            Some(ticket) if !self.columnar.are_many() => ticket.try_take(),
            // Rows that wait must not pile up.
            _ => self.under_way.take().map(Ticket::take),
        };
        if let Some(encoded) = encoded {
            self.under_way = None;
            self.columnar.encoded(encoded, out)?;
        }
        let Some(encoding) = self.columnar.encoding() else {
            return Ok(());
        };
        match &self.pool {
            Some(pool) => {
                self.under_way = Some(pool.run(|| encoding.run()));
                Ok(())
            }
            None => self.columnar.encoded(encoding.run(), out),
        }
    }

    /// Appends what is left, and the end.
    ///
    /// # Errors
    /// As `encode`.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), ColumnarFault> {
        if let Some(ticket) = self.under_way.take() {
            self.columnar.encoded(ticket.take(), out)?;
        }
        self.columnar.finish(out)
    }
}
