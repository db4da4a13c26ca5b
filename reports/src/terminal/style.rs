//! Owns [`Style`]: how wide, in which characters and with which colours a terminal is written to.

use crate::visible::Visible;

/// What the receiving end can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// How many columns lines may take, at least [`Style::COLUMNS_MIN`] to be of use.
    pub columns: usize,
    /// Whether it shows more than ASCII.
    pub unicode: bool,
    /// Whether it shows colours.
    pub colour: bool,
}

/// What a piece of text means; its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Bad,
    Unsure,
    Quiet,
    Strong,
}

impl Style {
    /// The narrowest width that lines are laid out for.
    pub const COLUMNS_MIN: usize = 40;
    /// The widest: wider lines are hard to follow.
    pub const COLUMNS_MAX: usize = 160;
    /// What is assumed where there is no terminal.
    pub const COLUMNS_DEFAULT: usize = 120;

    /// Plain text of the default width, as for a file.
    #[must_use]
    pub fn plain() -> Self {
        Self { columns: Self::COLUMNS_DEFAULT, unicode: true, colour: false }
    }

    /// The width to lay out for.
    pub(super) fn width(&self) -> usize {
        self.columns.clamp(Self::COLUMNS_MIN, Self::COLUMNS_MAX)
    }

    /// `text` in a colour, if there are colours.
    pub(super) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "1;31",
            Tone::Unsure => "33",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// `text` in characters that can be shown; without Unicode everything else is written out, for in
    /// such a terminal even a letter's bytes may be obeyed.
    pub(super) fn say(&self, text: &str) -> String {
        if self.unicode || text.is_ascii() {
            return text.to_owned();
        }
        let mut said = String::new();
        for character in text.chars() {
            match character {
                ' '..='~' => said.push(character),
                '…' => said.push('~'),
                '→' => said.push_str("->"),
                '←' => said.push_str("<-"),
                '↪' => said.push_str("=>"),
                '·' => said.push('.'),
                'µ' => said.push('u'),
                '✓' => said.push('+'),
                '✗' => said.push('x'),
                '▶' => said.push('>'),
                '│' => said.push('|'),
                '┌' | '└' => said.push('+'),
                '─' => said.push('-'),
                '┼' => said.push('+'),
                other => said.extend(other.escape_unicode()),
            }
        }
        said
    }

    /// `text` made visible, in characters that can be shown, cut to `columns_max` columns.
    #[must_use]
    pub fn fit(&self, text: &str, columns_max: usize) -> String {
        self.say(Visible::cut_to(&self.say(text), columns_max).as_str())
    }
}
