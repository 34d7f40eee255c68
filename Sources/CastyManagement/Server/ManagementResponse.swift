import FoundationEssentials
import NIOHTTP1

/// An answer.
struct ManagementResponse: Sendable {
    var status: HTTPResponseStatus
    var type: String
    var body: String
    var headers: [(String, String)] = []

    /// A value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponseStatus = .ok) -> ManagementResponse {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            let text = String(decoding: try encoder.encode(value), as: UTF8.self)
            return ManagementResponse(status: status, type: "application/json", body: text + "\n")
        } catch {
            return .problem(.internalServerError, "the answer cannot be written as JSON: \(error)")
        }
    }

    /// What went wrong, in the form of RFC 9457.
    ///
    /// - Parameters:
    ///   - status: The status.
    ///   - detail: For a person: what is wrong, and what to do.
    ///   - code: For a program, where the status alone does not say it.
    static func problem(
        _ status: HTTPResponseStatus, _ detail: String, code: String? = nil, headers: [(String, String)] = []
    ) -> ManagementResponse {
        let problem = Problem(title: status.reasonPhrase, status: Int(status.code), detail: detail, code: code)
        var response = ManagementResponse.json(problem, status: status)
        response.type = "application/problem+json"
        response.headers = headers
        return response
    }

    private struct Problem: Encodable {
        let title: String
        let status: Int
        let detail: String
        let code: String?
    }
}
