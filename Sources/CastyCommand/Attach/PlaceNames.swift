import CastyCore
import Foundation

/// Short names for the places of a cluster: columns are narrow.
///
/// On a loopback host a node goes by its port, elsewhere by its host, and by both where that is taken. A name once given stays.
struct PlaceNames {
    private var names: [(full: String, short: String)] = []

    /// Gives a place a name, if it has none.
    mutating func learn(_ place: NodeAddress) {
        let full = place.description
        if names.contains(where: { $0.full == full }) { return }
        let isLoopback = place.host.hasPrefix("127.") || place.host == "localhost" || place.host == "::1"
        let wished = isLoopback ? String(place.port) : place.host
        let short = names.contains { $0.short == wished } ? full : wished
        names.append((full, short))
        // A port may be the beginning of another one: the longest is replaced first.
        names.sort { $0.full.utf8.count > $1.full.utf8.count }
    }

    /// A text with the short names in it.
    func shorten(_ text: String) -> String {
        var text = text
        for name in names where text.contains(name.full) {
            text = text.replacingOccurrences(of: name.full, with: name.short)
        }
        return text
    }
}
