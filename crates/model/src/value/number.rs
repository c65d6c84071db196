//! Numbers: exact integers where they fit, floating point otherwise.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A number: an `i64`, or a finite `f64` that is no integer within `i64`.
///
/// So each number has one form only, and equal numbers are equal values.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(Form);

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Int(i64),
    Float(f64),
}

/// The result of a calculation is infinite or no number at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFinite;

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the result is not a finite number")
    }
}

impl std::error::Error for NotFinite {}

/// 2^63: the first float beyond `i64`.
const BEYOND: f64 = 9_223_372_036_854_775_808.0;

impl Number {
    /// The integer, if this is one within `i64`.
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Form::Int(integer) => Some(integer),
            Form::Float(_) => None,
        }
    }

    /// The nearest floating-point number.
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Form::Int(integer) => integer as f64,
            Form::Float(float) => float,
        }
    }

    /// Whether the number has no fraction; also true beyond `i64`.
    pub fn is_whole(self) -> bool {
        match self.0 {
            Form::Int(_) => true,
            Form::Float(float) => float.fract() == 0.0,
        }
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Number {
        Number(Form::Int(integer))
    }
}

impl TryFrom<f64> for Number {
    type Error = NotFinite;

    fn try_from(float: f64) -> Result<Number, NotFinite> {
        if !float.is_finite() {
            return Err(NotFinite);
        }
        let integral = float.fract() == 0.0 && (-BEYOND..BEYOND).contains(&float);
        Ok(Number(if integral { Form::Int(float as i64) } else { Form::Float(float) }))
    }
}

// No NaN can be inside, so equality is total.
impl Eq for Number {}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        match (self.0, other.0) {
            (Form::Int(left), Form::Int(right)) => left.cmp(&right),
            (Form::Int(left), Form::Float(right)) => compare(left, right),
            (Form::Float(left), Form::Int(right)) => compare(right, left).reverse(),
            (Form::Float(left), Form::Float(right)) => left.total_cmp(&right),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            Form::Int(integer) => integer.hash(state),
            Form::Float(float) => float.to_bits().hash(state),
        }
    }
}

/// Compares exactly: converting `integer` could round it up to `float`.
fn compare(integer: i64, float: f64) -> Ordering {
    if float >= BEYOND {
        Ordering::Less
    } else if float < -BEYOND {
        Ordering::Greater
    } else {
        // The float has a fraction, so its floor is never equal to it.
        integer.cmp(&(float.floor() as i64)).then(Ordering::Less)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Int(integer) => write!(f, "{integer}"),
            Form::Float(float) => write!(f, "{float}"),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(float: f64) -> Number {
        Number::try_from(float).expect("finite")
    }

    #[test]
    fn a_whole_float_is_the_integer() {
        assert_eq!(number(3.0), Number::from(3));
        assert_eq!(number(-0.0), Number::from(0));
        assert_eq!(number(BEYOND).as_i64(), None);
        assert_eq!(number(-BEYOND).as_i64(), Some(i64::MIN));
    }

    #[test]
    fn infinity_and_nan_are_refused() {
        assert_eq!(Number::try_from(f64::INFINITY), Err(NotFinite));
        assert_eq!(Number::try_from(f64::NAN), Err(NotFinite));
    }

    #[test]
    fn integers_and_floats_compare_exactly() {
        let sorted = [
            number(-1e300),
            Number::from(i64::MIN),
            number(-2.5),
            Number::from(-2),
            number(0.5),
            Number::from(1),
            Number::from(i64::MAX),
            number(BEYOND),
            number(1e300),
        ];
        for (at, left) in sorted.iter().enumerate() {
            for (other, right) in sorted.iter().enumerate() {
                assert_eq!(left.cmp(right), at.cmp(&other), "{left} and {right}");
            }
        }
    }
}
