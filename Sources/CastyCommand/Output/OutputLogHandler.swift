import CastyCore
import CastyObservability
import Glibc
import Logging
import Synchronization

/// Logs to standard error through ``Output``: one line per entry, without anything that a terminal would interpret, and
/// without waiting for a reader.
struct OutputLogHandler: LogHandler {
    private let label: String
    private static let json = Atomic(false)

    /// Whether each entry is a JSON object, for programs that collect logs.
    static var writesJSON: Bool {
        get { json.load(ordering: .relaxed) }
        set { json.store(newValue, ordering: .relaxed) }
    }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String) {
        self.label = label
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted { $0.key < $1.key }
        if Self.writesJSON {
            Output.error(json(event, all))
        } else {
            let details = all.map { " \($0)=\($1)" }.joined()
            Output.error("\(Self.time) \(event.level) \(label):\(details) [\(event.source)] \(event.message)".printable)
        }
    }

    private func json(_ event: LogEvent, _ metadata: [(key: String, value: Logger.Metadata.Value)]) -> String {
        var line = JSONLine()
        line.add("time", Self.time)
        line.add("level", event.level.rawValue)
        line.add("logger", label)
        line.add("source", event.source)
        line.add("message", "\(event.message)")
        var details = JSONLine()
        for (name, value) in metadata { details.add(foreign: name, "\(value)") }
        if !metadata.isEmpty { line.add("metadata", raw: details.text) }
        return line.text
    }

    private static var time: String {
        var now = time_t()
        Glibc.time(&now)
        var parts = tm()
        gmtime_r(&now, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return
            "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    }
}
