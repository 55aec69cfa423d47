//! Reading an answer that may be hostile: nested no deeper than this process's stack bears.
//!
//! Each level of a value is a call within a call when it is read, and a byte is enough to claim one: a
//! stack that runs over ends the whole process. So each way down into a value is counted.

use std::cell::Cell;

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// How many levels an answer may have, one for each value within another. A level takes a few hundred
/// bytes of stack as a rule, and threads of a server often have 2 MiB.
pub(super) const DEEPEST: u32 = 256;

/// Reads an answer.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let too_deep = Cell::new(false);
    let mut deserializer = postcard::Deserializer::from_bytes(bytes);
    let top = Level {
        inner: &mut deserializer,
        left: DEEPEST,
        too_deep: &too_deep,
    };
    T::deserialize(top).map_err(|error| {
        if too_deep.get() {
            format!("it is nested too deeply: more than {DEEPEST} levels")
        } else {
            error.to_string()
        }
    })
}

/// A part of serde's machinery, so many levels above the deepest that may be.
struct Level<'a, I> {
    inner: I,
    left: u32,
    too_deep: &'a Cell<bool>,
}

impl<'a, I> Level<'a, I> {
    /// The part and another that stands at its level.
    fn split<J>(self, beside: J) -> (I, Level<'a, J>) {
        let level = Level {
            inner: beside,
            left: self.left,
            too_deep: self.too_deep,
        };
        (self.inner, level)
    }

    /// Another part of the same level.
    fn beside<J>(&self, inner: J) -> Level<'a, J> {
        Level {
            inner,
            left: self.left,
            too_deep: self.too_deep,
        }
    }

    /// The part, and one that stands a level deeper.
    fn descend<J, E: serde::de::Error>(self, inner: J) -> Result<(I, Level<'a, J>), E> {
        let Some(left) = self.left.checked_sub(1) else {
            self.too_deep.set(true);
            return Err(E::custom("nested too deeply"));
        };
        let below = Level {
            inner,
            left,
            too_deep: self.too_deep,
        };
        Ok((self.inner, below))
    }
}

/// What holds no other value is read as it is.
macro_rules! plain {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(visitor)
        }
    )*};
}

/// What holds others is read by a visitor that counts.
macro_rules! nesting {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let (inner, visitor) = self.split(visitor);
            inner.$method($($name,)* visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Level<'_, D> {
    type Error = D::Error;

    plain! {
        deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf
        deserialize_unit
    }

    nesting! {
        deserialize_any()
        deserialize_ignored_any()
        deserialize_identifier()
        deserialize_option()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_map()
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Of the format's visits, those to what may hold another value. It makes no other where it is asked for
/// one of these, and refuses to guess (`deserialize_any`).
impl<'de, V: Visitor<'de>> Visitor<'de> for Level<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        let (visitor, value) = self.descend(value)?;
        visitor.visit_some(value)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        let (visitor, value) = self.descend(value)?;
        visitor.visit_newtype_struct(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let (visitor, access) = self.split(access);
        visitor.visit_seq(access)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let (visitor, access) = self.split(access);
        visitor.visit_map(access)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        let (visitor, access) = self.split(access);
        visitor.visit_enum(access)
    }
}

/// An element, a field, a key or what a variant holds.
impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Level<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<S::Value, D::Error> {
        let (seed, value) = self.descend(value)?;
        seed.deserialize(value)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Level<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.beside(seed);
        self.inner.next_element_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Level<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        let seed = self.beside(seed);
        self.inner.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        let seed = self.beside(seed);
        self.inner.next_value_seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Level<'a, A> {
    type Error = A::Error;
    type Variant = Level<'a, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Self::Variant), A::Error> {
        let (access, beside) = self.split(());
        let (value, variant) = access.variant_seed(seed)?;
        Ok((value, beside.beside(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Level<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        let (access, seed) = self.split(seed);
        access.newtype_variant_seed(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let (access, visitor) = self.split(visitor);
        access.tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let (access, visitor) = self.split(visitor);
        access.struct_variant(fields, visitor)
    }
}
