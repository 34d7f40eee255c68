package import CastyCore
import CastySharding
import Synchronization

/// The faults of a testbed's samples: entities that fail when they start, and nodes on which handlers throw.
package final class SampleFaults: Sendable {
    private struct State {
        /// The number of further failing starts, by entity; `nil` for all of them.
        var poisoned: [String: Int?] = [:]
        var throwing: [String: Throwing] = [:]
        /// Nodes on which handlers take time, and nodes on which stores take time.
        var stalled: [String: Stall] = [:]
        var slowStores: [String: Stall] = [:]
    }

    private struct Stall {
        let longest: Duration
        let probability: Double
        /// The share of durations that are far longer.
        var hangs = 0.0
        /// Whether an operation holds the lock of the disk meanwhile.
        var locks = false
        var generator: SeededGenerator

        /// A random duration of one handler; `nil` for no time.
        mutating func draw() -> Duration? {
            guard generator.unit() < probability else { return nil }
            let time = longest * (0.1 + 0.9 * generator.unit())
            return hangs > 0 && generator.unit() < hangs ? time * 40 : time
        }
    }

    private struct Throwing {
        var probability: Double
        var left: Int?
        var generator: SeededGenerator
    }

    private let state = Mutex(State())

    package init() {}

    /// Makes an entity fail when it starts, `times` times or always.
    package func poison(_ entity: String, times: Int?) { state.withLock { $0.poisoned[entity] = .some(times) } }

    /// Lets an entity start again.
    package func cure(_ entity: String) { state.withLock { $0.poisoned[entity] = nil } }

    /// Ends the failures of handlers on a node.
    package func letHandlersWork(on node: String) { state.withLock { $0.throwing[node] = nil } }

    /// Makes handlers of entities on a node throw with a probability, `times` times or always.
    package func letHandlersThrow(on node: String, probability: Double, times: Int?, generator: SeededGenerator) {
        state.withLock { $0.throwing[node] = Throwing(probability: probability, left: times, generator: generator) }
    }

    /// Makes some handlers on a node take time.
    package func stall(_ node: String, longest: Duration, probability: Double, generator: SeededGenerator) {
        state.withLock { $0.stalled[node] = Stall(longest: longest, probability: probability, generator: generator) }
    }

    /// Makes handlers on a node take no time again.
    package func endStall(_ node: String) { state.withLock { $0.stalled[node] = nil } }

    /// Makes all store operations of a node take time, and this share of them forty times as much.
    ///
    /// - Parameter locks: Whether the second half of each keeps the operations of all nodes waiting.
    package func slowStores(
        of node: String, longest: Duration, hangs: Double = 0, locks: Bool = false, generator: SeededGenerator
    ) {
        state.withLock {
            $0.slowStores[node] = Stall(
                longest: longest, probability: 1, hangs: hangs, locks: locks, generator: generator)
        }
    }

    /// Whether operations of a node's store hold the lock of the disk.
    func holdsStoreLock(_ node: String) -> Bool { state.withLock { $0.slowStores[node]?.locks ?? false } }

    /// Makes store operations of a node take no time again.
    package func endSlowStores(of node: String) { state.withLock { $0.slowStores[node] = nil } }

    /// The duration of a handler on a node; `nil` for no time.
    func delay(on node: String) -> Duration? { state.withLock { $0.stalled[node]?.draw() } }

    /// The duration of half an operation of a node's store; `nil` for no time.
    func storeDelay(on node: String) -> Duration? { state.withLock { $0.slowStores[node]?.draw().map { $0 / 2 } } }

    /// Whether handlers or stores on a node may take time.
    package func takesTime(_ node: String) -> Bool {
        state.withLock { $0.stalled[node] != nil || $0.slowStores[node] != nil }
    }

    /// Called when an entity starts; throws if the start is to fail.
    func start(_ entity: String) throws {
        let fails = state.withLock { state -> Bool in
            guard let left = state.poisoned[entity] else { return false }
            guard let left else { return true }
            state.poisoned[entity] = left > 1 ? .some(left - 1) : nil
            return true
        }
        if fails { throw SampleFailure("\(entity) is poisoned: it fails when it starts") }
    }

    /// Called when an entity handles a message; throws if the handler is to fail.
    func handle(_ entity: String, on node: String) throws {
        let fails = state.withLock { state -> Bool in
            guard var throwing = state.throwing[node] else { return false }
            let fails = throwing.generator.unit() < throwing.probability
            if fails, let left = throwing.left { throwing.left = left - 1 }
            state.throwing[node] = throwing.left == 0 ? nil : throwing
            return fails
        }
        if fails { throw SampleFailure("a handler of \(entity) has thrown") }
    }
}

/// An injected failure of a sample.
struct SampleFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
