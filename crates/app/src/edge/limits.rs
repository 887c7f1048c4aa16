//! Limits of what has the same name and meaning in every operation, said once in the document: paging, keys that make
//! calls repeatable, addresses, passwords, zones. What an operation says of itself is kept.
//!
//! A request that the document allows is accepted, as far as a schema can say what is accepted; `cargo xtask api`
//! holds the server to it.

use base::lang::LISTED;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::openapi::{
    KnownFormat, OpenApi, Ref, RefOr, Required, Schema, SchemaFormat,
    path::{Operation, Parameter},
    schema::{Object, SchemaType, Type},
};

/// An hour and minute, seconds if wanted.
const TIME: &str = "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$";
/// Visible ASCII, spaces only within: what a header carries unchanged.
const KEY: &str = "^[!-~]([ -~]*[!-~])?$";

/// Values of filters that are text in the code: path, parameter, values.
const FILTERS: [(&str, &str, &[&str]); 6] = [
    ("/v1/conversations", "view", &["all", "archived", "hidden"]),
    ("/v1/conversations/{id}/media", "kind", &["image", "video", "voice", "document", "location"]),
    ("/v1/messages/{id}", "for", &["me", "everyone"]),
    ("/v1/staff/reports", "status", &["open", "closed"]),
    ("/v1/notes", "status", &["sent", "delivered", "opened", "failed"]),
    ("/v1/scheduled-notes", "status", &["scheduled", "sending", "sent", "failed", "cancelled", "paused"]),
];

/// Says the limits in every parameter and in every schema that a request's body is made of.
pub(super) fn apply(document: &mut OpenApi) {
    let mut bodies = BTreeSet::new();
    for (path, item) in &mut document.paths.paths {
        let operations: [&mut Option<Operation>; 5] =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    limit_parameter(path, parameter);
                }
            }
            bodies.extend(limit_body(operation));
            plain_streams(operation);
        }
    }
    let Some(components) = &mut document.components else { return };
    for name in bodies {
        if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) {
            for (name, member) in &mut object.properties {
                if let RefOr::T(Schema::Object(member)) = member {
                    limit_member(name, member);
                }
            }
        }
    }
}

fn limit_parameter(path: &str, parameter: &mut Parameter) {
    let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema else { return };
    // A parameter is there or not; null is not among the things a path, a query or a header can say.
    never_null(schema);
    match parameter.name.as_str() {
        "Idempotency-Key" => {
            schema.min_length = Some(1);
            schema.max_length = Some(255);
            schema.pattern = Some(KEY.to_owned());
        }
        "limit" => {
            schema.minimum = Some(1.into());
            schema.maximum = Some(100.into());
        }
        "cursor" => schema.max_length = Some(512),
        "language" => languages(schema),
        "direction" | "box" if schema.enum_values.is_none() => choice(schema, ["sent", "received"].into_iter()),
        _ => {}
    }
    if let Some((.., values)) = FILTERS.iter().find(|(of, name, _)| *of == path && *name == parameter.name)
        && schema.enum_values.is_none()
    {
        choice(schema, values.iter().copied());
    }
}

fn never_null(schema: &mut Object) {
    if let SchemaType::Array(types) = &mut schema.schema_type {
        types.retain(|kind| *kind != Type::Null);
        if let [only] = &types[..] {
            schema.schema_type = SchemaType::Type(only.clone());
        }
    }
}

/// Names of the schemas of the body. One that may be absent is said to be, rather than to be null, which it may not.
fn limit_body(operation: &mut Operation) -> Vec<String> {
    let Some(RefOr::T(body)) = &mut operation.request_body else { return Vec::new() };
    let mut names = Vec::new();
    let mut optional = false;
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else { continue };
        if let Some(RefOr::T(Schema::OneOf(choice))) = &content.schema
            && let Some(named) = choice.items.iter().find_map(named)
        {
            content.schema = Some(RefOr::Ref(named.clone()));
            optional = true;
        }
        if let Some(named) = content.schema.as_ref().and_then(named) {
            names.extend(named.ref_location.rsplit('/').next().map(str::to_owned));
        }
    }
    if optional {
        body.required = Some(Required::False);
    }
    names
}

fn named(schema: &RefOr<Schema>) -> Option<&Ref> {
    if let RefOr::Ref(named) = schema { Some(named) } else { None }
}

/// The events of a stream are described in docs/REALTIME.md; as a whole it has no schema.
fn plain_streams(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response
            && let Some(RefOr::T(content)) = response.content.get_mut("text/event-stream")
        {
            content.schema = None;
        }
    }
}

fn limit_member(name: &str, member: &mut Object) {
    let is = |kind: Type| match &member.schema_type {
        SchemaType::Type(one) => *one == kind,
        SchemaType::Array(types) => types.contains(&kind),
        SchemaType::AnyValue => false,
    };
    let plain = member.format.is_none() && member.pattern.is_none() && member.enum_values.is_none();
    if is(Type::Boolean) && ["consent", "age_attested"].contains(&name) {
        member.enum_values = Some(vec![Value::Bool(true)]);
        return never_null(member);
    }
    if !is(Type::String) || !plain {
        return;
    }
    match name {
        "language" => languages(member),
        "client" => choice(member, ["native", "browser", "web"].into_iter()),
        "timezone" => member.format = Some(SchemaFormat::Custom("iana-timezone".to_owned())),
        "time" => member.pattern = Some(TIME.to_owned()),
        _ if name.ends_with("email") => {
            member.format = Some(SchemaFormat::Custom("email".to_owned()));
            member.max_length = member.max_length.or(Some(254));
        }
        _ if name.ends_with("password") => member.min_length = member.min_length.or(Some(1)),
        _ if name == "date" || name.ends_with("_date") => {
            member.format = Some(SchemaFormat::KnownFormat(KnownFormat::Date));
        }
        _ => {}
    }
}

/// Every listed language; empty is none.
fn languages(schema: &mut Object) {
    choice(schema, LISTED.iter().map(|listed| listed.code));
}

/// One of these; empty is none.
fn choice(schema: &mut Object, values: impl Iterator<Item = &'static str>) {
    let mut values: Vec<_> = values.chain([""]).map(Value::from).collect();
    if matches!(&schema.schema_type, SchemaType::Array(types) if types.contains(&Type::Null)) {
        values.push(Value::Null);
    }
    schema.enum_values = Some(values);
}
