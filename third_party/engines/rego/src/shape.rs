//! How deep a policy's text is, before regorus reads it. Its parser goes down once for each bracket and sign before a term,
//! and its tree grows by a level with each operator behind one: evaluation and release of the tree go down as far.

use crate::place::Place;

/// Levels of one expression with all that it stands in. People write some ten.
pub const MAX_DEPTH: usize = 250;

/// regorus reads what stands in n brackets 2^n times: so much it may read in all, about two seconds' worth.
const MAX_READS: u64 = 2 << 20;
const MAX_BRACKETS: usize = 16;

/// What stands between two separators in the same brackets.
#[derive(Clone, Copy, Default)]
struct Run {
    operators: usize,
    /// The depth of the deepest brackets in it.
    inner: usize,
}

impl Run {
    /// A term may stand below every operator of its run, whichever binds closer.
    fn depth(self) -> usize {
        self.operators + self.inner + 1
    }
}

#[derive(Clone, Copy, Default)]
struct Frame {
    run: Run,
    deepest: usize,
    /// Of `[` and `{`, which regorus reads twice.
    is_read_twice: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A name, number or text: two of them never belong to one expression.
    Term,
    Operator,
    Separator,
    Open(u8),
    Close,
}

struct Shape {
    frames: Vec<Frame>,
    /// What the open brackets around the innermost have come to.
    around: usize,
    brackets: usize,
    is_after_term: bool,
}

impl Shape {
    fn frame(&mut self) -> &mut Frame {
        if self.frames.is_empty() {
            self.frames.push(Frame::default());
        }
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn end_run(&mut self) {
        let frame = self.frame();
        frame.deepest = frame.deepest.max(frame.run.depth());
        frame.run = Run::default();
    }

    fn open(&mut self, bracket: u8) {
        // No operator is a `{`: what it begins stands beside what was before it.
        if bracket == b'{' && self.is_after_term {
            self.end_run();
        }
        let is_read_twice = bracket != b'(';
        self.brackets += usize::from(is_read_twice);
        self.frame().run.operators += 1;
        self.around += self.frame().run.depth();
        self.frames.push(Frame { is_read_twice, ..Frame::default() });
    }

    fn close(&mut self) {
        self.end_run();
        if self.frames.len() < 2 {
            return;
        }
        let Some(closed) = self.frames.pop() else { return };
        self.brackets -= usize::from(closed.is_read_twice);
        self.around -= self.frame().run.depth();
        let run = &mut self.frame().run;
        run.inner = run.inner.max(closed.deepest);
    }

    fn take(&mut self, token: Token) {
        match token {
            Token::Term if self.is_after_term => self.end_run(),
            Token::Term => {}
            Token::Operator => self.frame().run.operators += 1,
            Token::Separator => self.end_run(),
            Token::Open(bracket) => self.open(bracket),
            Token::Close => self.close(),
        }
        self.is_after_term = matches!(token, Token::Term | Token::Close);
    }

    fn depth(&mut self) -> usize {
        self.around + self.frame().run.depth()
    }
}

fn is_of_word(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || octet == b'_'
}

/// text_end is behind the text that begins at `at`, or the end.
fn text_end(text: &[u8], at: usize) -> usize {
    let quote = text[at];
    let mut next = at + 1;
    while next < text.len() && text[next] != quote {
        next += if quote == b'"' && text[next] == b'\\' { 2 } else { 1 };
    }
    (next + 1).min(text.len())
}

fn end_of(text: &[u8], at: usize, is_in: impl Fn(u8) -> bool) -> usize {
    text[at..].iter().position(|octet| !is_in(*octet)).map_or(text.len(), |more| at + more)
}

/// token_at is the token that begins at `at`, with its end; None for a remark, a space, or what regorus has no use for.
fn token_at(text: &[u8], at: usize) -> (Option<Token>, usize) {
    let pair = text.get(at + 1) == Some(&b'=');
    match text[at] {
        b'"' | b'`' => (Some(Token::Term), text_end(text, at)),
        b'#' => (None, end_of(text, at, |octet| octet != b'\n')),
        octet if octet.is_ascii_digit() => (Some(Token::Term), end_of(text, at, |octet| is_of_word(octet) || octet == b'.')),
        octet if is_of_word(octet) => {
            let end = end_of(text, at, is_of_word);
            (Some(if &text[at..end] == b"in" { Token::Operator } else { Token::Term }), end)
        }
        b'<' | b'>' | b'=' | b'!' | b':' if pair => (Some(Token::Operator), at + 2),
        b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'<' | b'>' | b'=' | b'.' => (Some(Token::Operator), at + 1),
        b',' | b';' | b':' => (Some(Token::Separator), at + 1),
        open @ (b'[' | b'{' | b'(') => (Some(Token::Open(open)), at + 1),
        b']' | b'}' | b')' => (Some(Token::Close), at + 1),
        _ => (None, at + 1),
    }
}

fn place(text: &[u8], at: usize, message: &str) -> Place {
    let before = &text[..at];
    let line = 1 + before.iter().filter(|octet| **octet == b'\n').count();
    let column = at - before.iter().rposition(|octet| *octet == b'\n').map_or(0, |end| end + 1) + 1;
    Place { line: line as u32, column: column as u32, message: message.into() }
}

/// check refuses what would take regorus' parser long, or deeper than its stack is known to suffice.
pub fn check(text: &str) -> Result<(), Place> {
    let text = text.as_bytes();
    let mut shape = Shape { frames: vec![], around: 0, brackets: 0, is_after_term: false };
    let (mut at, mut reads) = (0, 0_u64);
    while at < text.len() {
        let (token, end) = token_at(text, at);
        if let Some(token) = token {
            shape.take(token);
        }
        reads += ((end - at) as u64) << shape.brackets.min(MAX_BRACKETS);
        if shape.brackets > MAX_BRACKETS || reads > MAX_READS {
            return Err(place(text, at, "too much stands in brackets within brackets"));
        }
        if shape.depth() > MAX_DEPTH {
            let message = format!("an expression goes deeper than {MAX_DEPTH} operators and brackets");
            return Err(place(text, at, &message));
        }
        at = end;
    }
    Ok(())
}
