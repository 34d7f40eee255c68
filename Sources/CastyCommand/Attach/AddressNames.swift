import CastyCore
import Foundation

/// Short names for the addresses of a cluster, for narrow columns.
///
/// On this machine's usual address the name of a node is its port; elsewhere it is the first label of its host's name,
/// or its host; if both are taken, it is the whole address. A name never changes.
struct AddressNames {
    private var names: [(full: String, short: String)] = []

    /// Gives an address a name, if it has none.
    mutating func learn(_ address: NodeAddress) {
        let full = address.description
        if names.contains(where: { $0.full == full }) { return }
        let wished = Self.wishes(for: address) + [full]
        let short = wished.first { name in !names.contains { $0.short == name } } ?? full
        names.append((full, short))
        // A port may be a prefix of another one, so the longest name is replaced first.
        names.sort { $0.full.utf8.count > $1.full.utf8.count }
    }

    /// The names that a node would like to have, the shortest first.
    private static func wishes(for address: NodeAddress) -> [String] {
        let host = address.host
        if host == "127.0.0.1" || host == "localhost" || host == "::1" { return [String(address.port)] }
        let isNumeric = host.allSatisfy { $0.isHexDigit || $0 == "." || $0 == ":" }
        let label = host.prefix { $0 != "." }
        return isNumeric || label.isEmpty ? [host] : [String(label), host]
    }

    /// The text with short names in place of addresses.
    func shorten(_ text: String) -> String {
        var text = text
        for name in names where text.contains(name.full) {
            text = text.replacingOccurrences(of: name.full, with: name.short)
        }
        return text
    }
}
