import Casty
import Synchronization

/// Collects what actors report, for a test that waits for it.
final class Inbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func put(_ element: Element) {
        let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.elements.append(element)
            let ready = state.waiting.filter { $0.count <= state.elements.count }.map(\.continuation)
            state.waiting.removeAll { $0.count <= state.elements.count }
            return ready
        }
        for continuation in ready { continuation.resume() }
    }

    var all: [Element] { state.withLock { $0.elements } }

    /// Waits until there are so many, and returns them.
    func first(_ count: Int) async -> [Element] {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.elements.count < count { state.waiting.append((count, continuation)) }
                return state.elements.count >= count
            }
            if isReady { continuation.resume() }
        }
        return Array(all.prefix(count))
    }

    /// An actor that puts each message here.
    func actor(in system: ActorSystem, name: String? = nil) throws -> ActorRef<Element> {
        try system.spawn(
            .receive { [self] _, element in
                put(element)
                return .same
            }, name: name)
    }
}
