import NIOHTTP1

/// The description of the routes in the form of OpenAPI 3.0.
enum OpenAPIDocument {
    static func make(_ routes: [Route]) -> JSONValue {
        var paths: [String: [String: JSONValue]] = [:]
        for route in routes {
            paths[route.template, default: [:]][route.method.rawValue.lowercased()] = operation(route)
        }
        return [
            "openapi": "3.0.3",
            "info": [
                "title": "Casty management",
                "version": "1",
                "description": "What one node of a cluster shows, and what operators can do through it.",
            ],
            "paths": .object(paths.mapValues { .object($0) }),
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": .object(OpenAPISchemas.all),
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        var answers = route.answers + RouteAnswer.ofAll
        if route.isVerb {
            answers += [
                .problem(.unauthorized, "The token is missing or wrong."),
                .problem(.forbidden, "The node was given no token."),
            ]
        }
        // One status may have several reasons; the answers of a route itself come first, with their shape.
        var byStatus: [UInt: RouteAnswer] = [:]
        for answer in answers {
            let code = answer.status.code
            guard let known = byStatus[code] else {
                byStatus[code] = answer
                continue
            }
            if known.schema == nil, !known.isText { byStatus[code]?.meaning += " " + answer.meaning }
        }
        var responses: [String: JSONValue] = [:]
        for (code, answer) in byStatus { responses["\(code)"] = response(answer) }
        let inPath = route.path.compactMap { part -> RouteParameter? in
            if case .parameter(let parameter) = part { parameter } else { nil }
        }
        var operation: [String: JSONValue] = [
            "operationId": .string(route.operation),
            "summary": .string(route.summary),
            "responses": .object(responses),
            "parameters": .array(
                inPath.map { parameter($0, in: "path") } + route.query.map { parameter($0, in: "query") }),
        ]
        if route.isVerb { operation["security"] = [["token": []]] }
        return .object(operation)
    }

    private static func parameter(_ parameter: RouteParameter, in place: String) -> JSONValue {
        let schema: JSONValue =
            switch parameter.form {
            case .text: ["type": "string", "minLength": 1, "maxLength": 255]
            case .shard: ["type": "integer", "minimum": 0, "maximum": 16383]
            case .node: ["type": "string", "example": "10.0.0.7:25520"]
            }
        return [
            "name": .string(parameter.name), "in": .string(place), "required": .bool(parameter.isRequired),
            "description": .string(parameter.meaning), "schema": schema,
        ]
    }

    private static func response(_ answer: RouteAnswer) -> JSONValue {
        let content: JSONValue =
            if answer.isText {
                ["text/plain": ["schema": ["type": "string"]]]
            } else if let schema = answer.schema {
                ["application/json": ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]]
            } else {
                ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]]
            }
        return ["description": .string(answer.meaning), "content": content]
    }
}

extension Route {
    /// The path with its parameters in braces.
    var template: String {
        path.reduce(into: "") { text, part in
            switch part {
            case .literal(let literal): text += "/\(literal)"
            case .parameter(let parameter): text += "/{\(parameter.name)}"
            }
        }
    }
}
