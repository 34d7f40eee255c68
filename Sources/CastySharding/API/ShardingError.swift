import CastyActors
public import CastyCore

/// Why a shard type or a singleton could not be started.
public struct ShardingError: CastyError, Hashable {
    /// What is wrong.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        package enum Kind: String, Sendable, CaseIterable {
            case alreadyStarted
            case otherMessage
            case notRegistered
            case badShardCount
            case badLimit
            case notHosted
            case badName
            case storeNotNamed
            case stopping
        }

        package let kind: Kind

        package init(kind: Kind) { self.kind = kind }

        /// The name of the code.
        public var rawValue: String { kind.rawValue }
        /// The name of the code.
        public var description: String { kind.rawValue }

        /// This node hosts the type, or runs the singleton, already.
        public static let alreadyStarted = Code(kind: .alreadyStarted)
        /// The type or the singleton takes other messages on this node.
        public static let otherMessage = Code(kind: .otherMessage)
        /// Another message type has the name of this one.
        public static let notRegistered = Code(kind: .notRegistered)
        /// The number of shards is out of range, or another one than this node uses already.
        public static let badShardCount = Code(kind: .badShardCount)
        /// A limit of the type is out of range.
        public static let badLimit = Code(kind: .badLimit)
        /// This node only reaches the type.
        public static let notHosted = Code(kind: .notHosted)
        /// The name cannot be that of an actor, or something else has it.
        public static let badName = Code(kind: .badName)
        /// The type's store belongs to one cluster, and the node's settings do not name it.
        public static let storeNotNamed = Code(kind: .storeNotNamed)
        /// The node is stopping.
        public static let stopping = Code(kind: .stopping)
    }

    /// What is wrong.
    public let code: Code
    /// For a person: what is wrong, and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension ShardingError {
    /// Runs `body`, and translates errors of the runtime into ``ShardingError``.
    static func translating<Value>(_ name: String, _ body: () throws -> Value) throws(ShardingError) -> Value {
        do {
            return try body()
        } catch let error as ShardingError {
            throw error
        } catch let error as SpawnError {
            switch error.code.kind {
            case .nameTaken: throw ShardingError(.alreadyStarted, "\(name): \(error)")
            case .badName: throw ShardingError(.badName, "\(name): \(error)")
            case .stopping: throw ShardingError(.stopping, "\(name): \(error)")
            }
        } catch {
            // A user's type is registered under a name that belongs to the runtime.
            throw ShardingError(.badName, "\(name): \(error)")
        }
    }
}
