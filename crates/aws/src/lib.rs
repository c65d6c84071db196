//! The provider `aws`.
