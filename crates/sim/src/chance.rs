//! Chance by seed.

/// A stream of numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Chance {
        Chance { state: seed }
    }

    /// The stream of a place within a seed, which is the same whatever happens at other places.
    #[must_use]
    pub fn at(seed: u64, place: &str) -> Chance {
        // FNV-1a; the stream mixes what it starts from.
        let hash = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        let folded = place.bytes().fold(0xcbf2_9ce4_8422_2325, hash);
        Chance { state: Chance::new(seed).number() ^ folded }
    }

    /// The next number (SplitMix64).
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if there is none.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.number() % bound }
    }

    /// One of `choices`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        let at = usize::try_from(self.below(choices.len() as u64));
        &choices[at.expect("a position in a slice")]
    }

    /// Whether something of this likelihood, in percent, happens now.
    pub fn percent(&mut self, likely: u8) -> bool {
        self.below(100) < u64::from(likely)
    }
}
