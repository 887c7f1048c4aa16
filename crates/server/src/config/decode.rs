//! From the tree to types.
//!
//! A deserializer of our own, for three reasons: text of the environment becomes what the key asks for (`123` is a
//! number for one key and a text for another); a section with `kind` is an enum without the buffering that loses
//! types and places; and an error knows its path, so that it can name the source. Values never appear in errors.

use super::{
    problem,
    tree::{Body, Node, read_value},
};
use serde::{
    de::{
        DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, MapAccess, SeqAccess, Unexpected,
        VariantAccess, Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};
use std::{
    collections::{BTreeMap, btree_map},
    fmt, vec,
};

/// Why a tree is not what the type asks for.
#[derive(Debug)]
pub(super) struct DecodeError {
    /// From the inside out.
    path: Vec<String>,
    pub fault: Fault,
}

#[derive(Debug)]
pub(super) enum Fault {
    /// The path names a key that does not exist; its siblings that do.
    UnknownKey(&'static [&'static str]),
    /// A key of the table at the path has no value; or its `kind` does not exist.
    Section(String),
    Value(String),
}

impl DecodeError {
    pub(super) fn path(&self) -> Vec<String> {
        self.path.iter().rev().cloned().collect()
    }

    fn new(fault: Fault) -> Self {
        Self { path: Vec::new(), fault }
    }

    fn within(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.path().join("."), self.fault)
    }
}
impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Fault::Value(message.to_string()))
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {}, found {}", friendly(expected), shape(&found)))
    }
    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("expected {}; this one is out of range", friendly(expected)))
    }
    fn unknown_variant(found: &str, choices: &'static [&'static str]) -> Self {
        Self::custom(problem::unknown_choice(choices, found))
    }
    fn unknown_field(_: &str, siblings: &'static [&'static str]) -> Self {
        Self::new(Fault::UnknownKey(siblings))
    }
    fn missing_field(key: &'static str) -> Self {
        Self::new(Fault::Section(format!("the key {key} is missing")))
    }
}

fn friendly(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "a boolean" => "true or false".to_owned(),
        "a string" | "path string" | "socket address" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "i64" | "i32" => "a whole number".to_owned(),
        "usize" | "u64" | "u32" | "u16" => "a whole number, 0 or more".to_owned(),
        other if other.starts_with("struct") || other.starts_with("a map") => "a section with keys".to_owned(),
        _ => text,
    }
}

fn shape(found: &Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "true or false",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "a whole number",
        Unexpected::Float(_) => "a number with a fraction",
        Unexpected::Str(_) | Unexpected::Char(_) => "a text",
        Unexpected::Seq => "a list",
        Unexpected::Map | Unexpected::StructVariant => "a section with keys",
        _ => "something else",
    }
}

/// A value typed by itself: text is read as TOML, and stays text when it is none.
fn typed(body: &Body) -> toml::Value {
    match body {
        Body::Value(value) => value.clone(),
        Body::Text(text) => read_value(text).unwrap_or_else(|| toml::Value::String(text.clone())),
        Body::Table(_) => toml::Value::Table(toml::Table::new()),
    }
}

impl<'de> Deserializer<'de> for &Node {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if let Body::Table(table) = &self.body {
            return visitor.visit_map(Entries::of(table));
        }
        match typed(&self.body) {
            toml::Value::String(text) => visitor.visit_string(text),
            toml::Value::Integer(number) => visitor.visit_i64(number),
            toml::Value::Float(number) => visitor.visit_f64(number),
            toml::Value::Boolean(truth) => visitor.visit_bool(truth),
            toml::Value::Datetime(moment) => visitor.visit_string(moment.to_string()),
            toml::Value::Array(values) => {
                visitor.visit_seq(Elements::of(values.into_iter().map(|value| Node::from_toml(&self.source, value))))
            }
            table @ toml::Value::Table(_) => Node::from_toml(&self.source, table).deserialize_any(visitor),
        }
    }

    /// Text is taken as it stands, unless it is written as a TOML string.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.body {
            Body::Text(text) => match read_value(text) {
                Some(toml::Value::String(inner)) => visitor.visit_string(inner),
                _ => visitor.visit_str(text),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    /// A list may be written with commas; its elements are text again.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.body {
            Body::Text(text) if !matches!(read_value(text), Some(toml::Value::Array(_))) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                visitor.visit_seq(Elements::of(parts.map(|part| Node::text(self.source.clone(), part))))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    /// A table is the variant its `kind` names, with the other keys as its fields; a text is a variant without fields.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let Body::Table(table) = &self.body else {
            return match typed(&self.body) {
                toml::Value::String(text) => visitor.visit_enum(Choice { name: &text, fields: None }),
                _ => Err(DecodeError::custom(problem::unknown_choice(variants, ""))),
            };
        };
        let kind = table.get("kind").and_then(Node::as_text).ok_or_else(|| {
            let kinds = variants.join(", ");
            DecodeError::new(Fault::Section(format!("the section {name} needs a kind; there are {kinds}")))
        })?;
        if !variants.contains(&kind) {
            return Err(DecodeError::new(Fault::Section(problem::unknown_choice(variants, kind))).within("kind"));
        }
        visitor.visit_enum(Choice { name: kind, fields: Some(table) })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct
        map struct identifier ignored_any
    }
}

struct Elements(vec::IntoIter<Node>);

impl Elements {
    fn of(nodes: impl Iterator<Item = Node>) -> Self {
        Self(nodes.collect::<Vec<_>>().into_iter())
    }
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        self.0.next().map(|node| seed.deserialize(&node)).transpose()
    }
}

/// The keys of a table, without the `kind` that chose its variant.
struct Entries<'a> {
    rest: btree_map::Iter<'a, String, Node>,
    skip: &'static str,
    value: Option<(&'a str, &'a Node)>,
}

impl<'a> Entries<'a> {
    fn of(table: &'a BTreeMap<String, Node>) -> Self {
        Self { rest: table.iter(), skip: "", value: None }
    }
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        let skip = self.skip;
        let Some((key, node)) = self.rest.find(|(key, _)| *key != skip) else { return Ok(None) };
        self.value = Some((key, node));
        seed.deserialize(StrDeserializer::<DecodeError>::new(key)).map(Some).map_err(|error| error.within(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, DecodeError> {
        let Some((key, node)) = self.value.take() else { return Err(DecodeError::custom("a key without a value")) };
        seed.deserialize(node).map_err(|error| error.within(key))
    }
}

/// A variant by its name, with the table that holds its fields.
struct Choice<'a> {
    name: &'a str,
    fields: Option<&'a BTreeMap<String, Node>>,
}

impl<'de> EnumAccess<'de> for Choice<'_> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), DecodeError> {
        Ok((seed.deserialize(StrDeserializer::<DecodeError>::new(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, DecodeError> {
        Err(DecodeError::custom("expected a text"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::custom("expected a text"))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        match self.fields {
            Some(table) => visitor.visit_map(Entries { skip: "kind", ..Entries::of(table) }),
            None => Err(DecodeError::custom("expected a section with a kind")),
        }
    }
}
