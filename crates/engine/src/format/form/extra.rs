//! Fields that are not known, kept beside those that are.
//!
//! serde's own `flatten` buffers such fields by recursion without a bound; here they are read as
//! values, which count their depth.

use std::fmt;
use std::marker::PhantomData;

use greenroom_model::state::Extra;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer, forward_to_deserialize_any};

use super::json::{Json, Mode};
use super::text::Text;

/// A form, and the fields beside it that it does not know.
#[derive(Debug)]
pub(crate) struct WithExtra<'a, T> {
    pub(crate) known: T,
    pub(crate) extra: Vec<(Text<'a>, Json<'a>)>,
}

impl<'a, T> WithExtra<'a, T> {
    /// The form of something that carries `extra`.
    pub(crate) fn new(known: T, extra: &'a Extra) -> WithExtra<'a, T> {
        let fields = extra.iter().flat_map(|fields| fields.iter());
        let extra = fields.map(|(key, it)| (key.into(), Json::Given(it, Mode::Foreign))).collect();
        WithExtra { known, extra }
    }
}

impl<T: Serialize> Serialize for WithExtra<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.extra.is_empty() {
            return self.known.serialize(serializer);
        }
        Flat { known: &self.known, extra: Fields(&self.extra) }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Flat<'f, 'a, T> {
    #[serde(flatten)]
    known: &'f T,
    #[serde(flatten)]
    extra: Fields<'f, 'a>,
}

struct Fields<'f, 'a>(&'f [(Text<'a>, Json<'a>)]);

impl Serialize for Fields<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for WithExtra<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Both(PhantomData))
    }
}

struct Both<'a, T>(PhantomData<(T, &'a ())>);

impl<'de: 'a, 'a, T: Deserialize<'de>> Visitor<'de> for Both<'a, T> {
    type Value = WithExtra<'a, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut extra = Vec::new();
        let known = T::deserialize(Sieve { map, fields: &[], extra: &mut extra })?;
        Ok(WithExtra { known, extra })
    }
}

/// Gives a struct the fields that it asks for, and keeps the others.
struct Sieve<'e, 'de, A> {
    map: A,
    fields: &'static [&'static str],
    extra: &'e mut Vec<(Text<'de>, Json<'de>)>,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Sieve<'_, 'de, A> {
    type Error = A::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(Sieve { fields, ..self })
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Sieve<'_, 'de, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.map.next_key::<Text<'de>>()? {
            if self.fields.contains(&key.as_str()) {
                return seed.deserialize(StrDeserializer::new(key.as_str())).map(Some);
            }
            let value = self.map.next_value()?;
            self.extra.push((key, value));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
