import CastyActors
public import CastyCore

/// Why a shard type or a singleton could not be started.
public struct ShardingError: CastyError, Hashable {
    /// What is wrong.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// This node hosts the type, or runs the singleton, already.
        case alreadyStarted
        /// The type or the singleton takes other messages on this node.
        case otherMessage
        /// Another message type has the name of this one.
        case notRegistered
        /// The number of shards is out of range, or another one than this node uses already.
        case badShardCount
        /// A limit of the type is out of range.
        case badLimit
        /// This node only reaches the type.
        case notHosted
        /// The name cannot be that of an actor, or something else has it.
        case badName
        /// The type's store belongs to one cluster, and the node's settings do not name it.
        case storeNotNamed
        /// The node is stopping.
        case stopping
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
            switch error.code {
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
