//! The frame of the OpenAPI document: what every operation has in common, said once.

use super::{
    limits,
    problem::{FieldProblem, ProblemDetails},
};
use axum::http::StatusCode;
use utoipa::{
    OpenApi as _, PartialSchema as _,
    openapi::{
        ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Response,
        ResponseBuilder, SecurityRequirement,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
        tag::TagBuilder,
    },
};

#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(FieldProblem<'_>)))]
struct Schemas;

const PROBLEM: &str = "Problem";

pub(super) fn frame() -> OpenApi {
    let about = "Love notes that arrive at the right minute. Ids are text with a prefix and sort by time; times are \
                 RFC 3339 in UTC with milliseconds; lists are `{data, next_cursor}`; errors are RFC 9457 problem \
                 details whose `code` is stable.";
    let info = InfoBuilder::new()
        .title("One 2 One Love")
        .version("1")
        .description(Some(about))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457). Decide by `code`, never by the message.")
        .content(
            "application/problem+json",
            ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDetails"))).build(),
        )
        .build();
    let components = ComponentsBuilder::new()
        .schema("ProblemDetails", ProblemDetails::schema())
        .response(PROBLEM, problem)
        .security_scheme(
            "bearer",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
        )
        .build();
    let tag = |name: &str, text: &str| TagBuilder::new().name(name).description(Some(text)).build();
    let mut document = OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([SecurityRequirement::new("bearer", Vec::<String>::new())]))
        .tags(Some([
            tag("Identity", "Sign-up, sign-in, sessions, passwords."),
            tag("Members", "The current member."),
            tag("Plans", "What each plan costs and opens, and the caller's own."),
            tag("Couples", "Invitations and the link of two members."),
            tag("Love notes", "Notes now, and notes for a minute to come."),
            tag("Chat", "Conversations of two, and all that is said in them."),
            tag("Calls", "Voice and video: who rings whom, and what the devices tell each other."),
            tag("Files", "Images, videos, voice notes and documents, and the signed links that open them."),
            tag("Presence", "Who is here."),
            tag("Real time", "What happens, as it happens."),
            tag("Staff", "For those who run the platform, signed in with their second factor."),
        ]))
        .build();
    document.merge(Schemas::openapi());
    document
}

/// Every operation may answer with a problem.
pub(super) fn finish(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        let operations: [&mut Option<Operation>; 5] =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            for (status, response) in &mut operation.responses.responses {
                describe(status, response);
            }
            operation.responses.responses.insert("default".to_owned(), RefOr::Ref(Ref::from_response_name(PROBLEM)));
        }
    }
    limits::apply(&mut document);
    document
}

/// A response has a description (OpenAPI 3.1 §4.8.17); where the operation says nothing finer, the status' own words.
fn describe(status: &str, response: &mut RefOr<Response>) {
    if let RefOr::T(response) = response
        && response.description.is_empty()
    {
        let reason = status.parse::<StatusCode>().ok().and_then(|code| code.canonical_reason());
        reason.unwrap_or("The answer").clone_into(&mut response.description);
    }
}
