/// The accepted connections that this end has closed and the peers have not: each holds a socket for up to
/// ``TCPTransport/closeLimit``, so that what was written last arrives.
struct LingeringConnections: Sendable {
    /// The most from one source, and from all. Others are closed at once, and may lose what was written last.
    let mostPerSource: Int
    let most: Int
    private(set) var count = 0
    private var bySource: [String: Int] = [:]

    init(mostPerSource: Int = 128, most: Int = 1024) {
        self.mostPerSource = mostPerSource
        self.most = most
    }

    /// Counts one more, if there is room.
    mutating func begin(_ source: String) -> Bool {
        guard count < most, bySource[source, default: 0] < mostPerSource else { return false }
        count += 1
        bySource[source, default: 0] += 1
        return true
    }

    mutating func end(_ source: String) {
        guard let own = bySource[source] else { return }
        count -= 1
        bySource[source] = own > 1 ? own - 1 : nil
    }
}
