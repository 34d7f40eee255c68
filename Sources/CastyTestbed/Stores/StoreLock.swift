import Synchronization

/// The write lock of a disk that nodes share: while one node's operation holds it, the operations of all nodes wait, and
/// go on in the order in which they came.
///
/// Stores take it only while a fault says so. It is the lock of an embedded database that all processes of a machine
/// open: a process that is stopped in the middle of a commit keeps it, and the end of a process frees it.
package final class StoreLock: Sendable {
    /// An operation that holds the lock.
    struct Holder: Hashable, Sendable {
        fileprivate let number: UInt64
        fileprivate let node: String
    }

    /// The lock, as a node uses it.
    package struct Access: Sendable {
        let lock: StoreLock
        /// Whether operations of the node hold it now.
        let holds: @Sendable () -> Bool

        /// - Parameters:
        ///   - lock: One that no other node has, by default.
        ///   - holds: Whether operations of the node hold it now.
        package init(_ lock: StoreLock = StoreLock(), holds: @escaping @Sendable () -> Bool = { false }) {
            (self.lock, self.holds) = (lock, holds)
        }
    }

    private struct Waiter: Sendable {
        let holder: Holder
        /// Whether it holds the lock then, or only waits until it is free.
        let holds: Bool
        let continuation: UnsafeContinuation<Void, Never>
    }

    private struct State {
        var operations: UInt64 = 0
        var holder: Holder?
        var waiting: [Waiter] = []

        /// Frees the lock.
        ///
        /// - Returns: Who goes on: all up to the one that holds it next.
        mutating func release() -> [Waiter] {
            holder = nil
            let end = waiting.firstIndex(where: \.holds).map { $0 + 1 } ?? waiting.count
            let next = Array(waiting.prefix(end))
            waiting.removeFirst(end)
            if let last = next.last, last.holds { holder = last.holder }
            return next
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Begins an operation of a node: waits until the lock is free.
    ///
    /// - Parameter holds: Whether the operation holds the lock then.
    /// - Returns: What to ``leave(_:)`` with; `nil` where it holds nothing.
    func enter(_ node: String, holds: Bool) async -> Holder? {
        let (operation, isFree) = state.withLock { state in
            state.operations += 1
            let operation = Holder(number: state.operations, node: node)
            guard state.holder == nil else { return (operation, false) }
            if holds { state.holder = operation }
            return (operation, true)
        }
        if !isFree {
            await withUnsafeContinuation { continuation in
                let mayGo = state.withLock { state in
                    guard state.holder == nil else {
                        state.waiting.append(Waiter(holder: operation, holds: holds, continuation: continuation))
                        return false
                    }
                    if holds { state.holder = operation }
                    return true
                }
                if mayGo { continuation.resume() }
            }
        }
        return holds ? operation : nil
    }

    /// Ends an operation; without effect where it holds nothing.
    func leave(_ holder: Holder?) {
        let next = state.withLock { state -> [Waiter] in
            guard let holder, state.holder == holder else { return [] }
            return state.release()
        }
        for waiter in next { waiter.continuation.resume() }
    }

    /// A node's process has ended: it holds nothing and waits for nothing any more.
    func end(of node: String) {
        let next = state.withLock { state -> [Waiter] in
            // Nothing of that node runs again, so what it waits for need not come.
            state.waiting.removeAll { $0.holder.node == node }
            return state.holder?.node == node ? state.release() : []
        }
        for waiter in next { waiter.continuation.resume() }
    }

    /// Whether an operation holds it.
    package var isHeld: Bool { state.withLock { $0.holder != nil } }
}
