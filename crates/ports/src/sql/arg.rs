//! Values bound to placeholders.

use base::{Id, Time, id::IdKind};

/// One bound value. A null keeps its type, because PostgreSQL wants to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    Text(Option<String>),
    Int(Option<i64>),
    Bool(Option<bool>),
    Bytes(Option<Vec<u8>>),
}

/// The bound values of a statement, in the order of `$1`, `$2`, …: `args![id, name, Some(at)]`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Arg::from($value)),*] };
}

macro_rules! from {
    ($($type:ty $(where $kind:ident: $bound:ident)? => $variant:ident by $convert:expr;)*) => {$(
        impl $(<$kind: $bound>)? From<$type> for Arg {
            fn from(value: $type) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }
        impl $(<$kind: $bound>)? From<Option<$type>> for Arg {
            fn from(value: Option<$type>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )*};
}

from! {
    String => Text by std::convert::identity;
    &str => Text by str::to_owned;
    &String => Text by String::clone;
    Id<K> where K: IdKind => Text by |id: Id<K>| id.to_string();
    i64 => Int by std::convert::identity;
    Time => Int by |time: Time| time.0;
    bool => Bool by std::convert::identity;
    Vec<u8> => Bytes by std::convert::identity;
    &[u8] => Bytes by <[u8]>::to_vec;
}
