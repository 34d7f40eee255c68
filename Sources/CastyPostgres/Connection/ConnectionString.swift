import CPostgres
import CastySharding

/// The string that says how to reach a server, as libpq reads it.
enum ConnectionString {
    /// Refuses a string that libpq cannot read.
    static func check(_ text: String) throws(EntityStoreError) {
        var message: UnsafeMutablePointer<CChar>?
        let options = PQconninfoParse(text, &message)
        defer {
            PQconninfoFree(options)
            PQfreemem(message)
        }
        guard options == nil else { return }
        let words = message.map { String(cString: $0) } ?? "it cannot be read"
        throw EntityStoreError(
            .unavailable, "the connection string is wrong: \(words.split(separator: "\n").joined(separator: "; "))")
    }
}
