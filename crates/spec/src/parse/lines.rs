//! Where the lines of a text start.

/// The starts of all lines, so that a look-up does not walk over a long line again and again.
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Lines {
        let behind = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Lines { starts: std::iter::once(0).chain(behind.map(|(at, _)| at + 1)).collect() }
    }

    /// The start of the line that `offset` lies in.
    pub(super) fn start(&self, offset: usize) -> usize {
        let behind = self.starts.partition_point(|&start| start <= offset);
        behind.checked_sub(1).map_or(0, |line| self.starts[line])
    }
}
