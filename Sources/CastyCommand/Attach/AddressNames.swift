import CastyCore
import Foundation

/// Short names for the addresses of a cluster, for narrow columns.
///
/// On a loopback host the name of a node is its port; elsewhere it is its host; if that name is taken, it is the whole
/// address. A name never changes.
struct AddressNames {
    private var names: [(full: String, short: String)] = []

    /// Gives an address a name, if it has none.
    mutating func learn(_ address: NodeAddress) {
        let full = address.description
        if names.contains(where: { $0.full == full }) { return }
        let isLoopback = address.host.hasPrefix("127.") || address.host == "localhost" || address.host == "::1"
        let wished = isLoopback ? String(address.port) : address.host
        let short = names.contains { $0.short == wished } ? full : wished
        names.append((full, short))
        // A port may be a prefix of another one, so the longest name is replaced first.
        names.sort { $0.full.utf8.count > $1.full.utf8.count }
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
