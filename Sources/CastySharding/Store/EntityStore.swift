public import CastyCore
import Synchronization

/// Stores the state of entities between two incarnations: no other state survives a move, a passivation or a crash.
///
/// An entity with a store writes before it replies, and reads when it starts. Calls run on the entity's turn, so they
/// must be fast. A call that cannot save throws an error and has changed nothing.
public protocol EntityStore: AnyObject, Sendable {
    /// The state last saved under an id, or `nil` if there is none.
    ///
    /// - Throws: ``EntityStoreError``.
    func load(type: String, id: String) throws -> [UInt8]?

    /// Saves the state under an id; replaces the previous one.
    ///
    /// - Throws: ``EntityStoreError``; the previous state is then unchanged.
    func save(_ state: [UInt8], type: String, id: String) throws
}

/// Why a store could not load or save.
public struct EntityStoreError: CastyError, Hashable {
    /// What went wrong.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        package enum Kind: String, Sendable, CaseIterable {
            case full, corrupt, unavailable
            case stale
        }

        package let kind: Kind

        package init(kind: Kind) { self.kind = kind }

        /// The name of the code.
        public var rawValue: String { kind.rawValue }
        /// The name of the code.
        public var description: String { kind.rawValue }

        /// There is no room left.
        public static let full = Code(kind: .full)
        /// What was stored has changed.
        public static let corrupt = Code(kind: .corrupt)
        /// The store cannot be reached.
        public static let unavailable = Code(kind: .unavailable)
        /// The shard may belong to another node by now: nothing was written.
        public static let stale = Code(kind: .stale)
    }

    /// What went wrong.
    public let code: Code
    /// For a person: what is wrong.
    public let message: String

    /// Creates an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

/// A store in memory: it outlives the nodes of its process, but not the process.
public final class InMemoryEntityStore: EntityStore {
    private struct Key: Hashable {
        let type: String
        let id: String
    }

    private let states = Mutex<[Key: [UInt8]]>([:])

    /// Creates an empty store.
    public init() {}

    /// The state last saved under an id.
    public func load(type: String, id: String) -> [UInt8]? { states.withLock { $0[Key(type: type, id: id)] } }

    /// Saves the state under an id.
    public func save(_ state: [UInt8], type: String, id: String) {
        states.withLock { $0[Key(type: type, id: id)] = state }
    }
}
