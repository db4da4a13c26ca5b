//! Owns reading the bodies of the messages whose fields matter to the gate; values are left to `show`.

use super::fields::{Fields, longs};

/// A `Parse`: names a statement and says its SQL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parse<'a> {
    pub(super) name: &'a [u8],
    pub(super) sql: &'a [u8],
    /// Four bytes for each parameter whose type the client knows.
    pub(super) parameter_types: &'a [u8],
}

impl<'a> Parse<'a> {
    pub(super) fn of(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        Some(Self { name: fields.text()?, sql: fields.text()?, parameter_types: fields.counted(4)? })
    }
}

/// A `Bind`: makes a portal of a statement and parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bind<'a> {
    pub(super) portal: &'a [u8],
    pub(super) statement: &'a [u8],
    /// Two bytes for each format code of a parameter.
    pub(super) formats: &'a [u8],
    /// Two bytes for each format code of a column of the result.
    pub(super) result_formats: &'a [u8],
    /// Everything behind the names.
    pub(super) behind_names: &'a [u8],
    values: Values<'a>,
}

impl<'a> Bind<'a> {
    pub(super) fn of(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let (portal, statement) = (fields.text()?, fields.text()?);
        let behind_names = fields.rest;
        let formats = fields.counted(2)?;
        let count = fields.short()?;
        let values = Values { fields, remaining: count };
        for _ in 0..count {
            fields.value()?;
        }
        Some(Self { portal, statement, formats, result_formats: fields.counted(2)?, behind_names, values })
    }

    /// The parameters; `None` is NULL.
    pub(super) fn values(&self) -> Values<'a> {
        self.values
    }
}

/// The values of a `Bind` or a `DataRow`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Values<'a> {
    fields: Fields<'a>,
    remaining: u16,
}

impl<'a> Values<'a> {
    /// The columns of a `DataRow`.
    pub(super) fn of_row(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        let remaining = fields.short()?;
        Some(Self { fields, remaining })
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Option<&'a [u8]>> {
        self.remaining = self.remaining.checked_sub(1)?;
        self.fields.value()
    }
}

/// What a `Describe` or a `Close` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    Statement(&'a [u8]),
    Portal(&'a [u8]),
}

impl<'a> Target<'a> {
    pub(super) fn of(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields::new(body);
        match fields.byte()? {
            b'S' => Some(Self::Statement(fields.text()?)),
            b'P' => Some(Self::Portal(fields.text()?)),
            _ => None,
        }
    }
}

/// An `Execute`: the portal, and at most how many rows.
pub(super) fn execute(body: &[u8]) -> Option<(&[u8], u32)> {
    let mut fields = Fields::new(body);
    Some((fields.text()?, fields.long()?))
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Vec<u8>,
    pub(super) type_id: u32,
    pub(super) format: u16,
}

/// A `RowDescription`.
pub(super) fn columns(body: &[u8]) -> Option<Vec<Column>> {
    let mut fields = Fields::new(body);
    let count = fields.short()?;
    let mut columns = Vec::new();
    for _ in 0..count {
        let name = fields.text()?.to_vec();
        fields.bytes(6)?;
        let type_id = fields.long()?;
        fields.bytes(6)?;
        columns.push(Column { name, type_id, format: fields.short()? });
    }
    Some(columns)
}

/// A `ParameterDescription`.
pub(super) fn parameter_types(body: &[u8]) -> Option<Vec<u32>> {
    Some(longs(Fields::new(body).counted(4)?).collect())
}

/// The text of a field of an `ErrorResponse` or a `NoticeResponse`.
pub(super) fn notice_field(body: &[u8], wanted: u8) -> Option<&[u8]> {
    notice_fields(body).find(|(code, _)| *code == wanted).map(|(_, text)| text)
}

/// The fields of an `ErrorResponse` or a `NoticeResponse`.
pub(super) fn notice_fields(body: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut fields = Fields::new(body);
    std::iter::from_fn(move || {
        let code = fields.byte().filter(|&code| code != 0)?;
        Some((code, fields.text()?))
    })
}
