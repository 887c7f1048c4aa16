//! Money: integer minor units plus an ISO 4217 currency.

use serde::{Deserialize, Serialize};

/// `{"amount": 1999, "currency": "USD"}` is 19.99 US dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Money {
    /// Minor units (cents).
    pub amount: i64,
    pub currency: Currency,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Currency {
    #[serde(rename = "USD")]
    Usd,
    #[serde(rename = "EUR")]
    Eur,
    #[serde(rename = "GBP")]
    Gbp,
}

impl Money {
    pub const fn usd(cents: i64) -> Self {
        Self { amount: cents, currency: Currency::Usd }
    }

    /// The sum, when both are of one currency and it fits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.amount.checked_add(other.amount))
            .flatten()
            .map(|amount| Self { amount, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_do_not_mix() {
        assert_eq!(Money::usd(1).plus(Money::usd(2)), Some(Money::usd(3)));
        assert_eq!(Money::usd(1).plus(Money { amount: 1, currency: Currency::Eur }), None);
        assert_eq!(Money::usd(i64::MAX).plus(Money::usd(1)), None);
    }
}
