import CastyCore
import Glibc
import NIOCore
import NIOPosix

extension TransportError {
    /// Converts an error of the event loop or the system for a connection to `peer`.
    init(_ error: any Error, at peer: String) {
        switch error {
        case let error as TransportError:
            self = error
        case let error as IOError:
            self.init(Self.code(of: error.errnoCode), "\(peer): \(String(cString: strerror(error.errnoCode)))")
        case let error as NIOConnectionError:
            // A name may resolve to several addresses. The last one's failure represents all.
            if let last = error.connectionErrors.last {
                self.init(last.error, at: peer)
            } else {
                self.init(.unreachable, "\(peer): the name is not known")
            }
        case let error as ChannelError:
            self.init(Self.code(of: error), "\(peer): \(error)")
        default:
            self.init(.other, "\(peer): \(error)")
        }
    }

    private static func code(of error: ChannelError) -> Code {
        if case .connectTimeout = error { return .timedOut }
        return error == .ioOnClosedChannel || error == .alreadyClosed || error == .eof ? .closed : .other
    }

    private static func code(of number: CInt) -> Code {
        switch number {
        case ECONNREFUSED: .refused
        case ETIMEDOUT: .timedOut
        case EHOSTUNREACH, ENETUNREACH, EHOSTDOWN, ENETDOWN: .unreachable
        case ECONNRESET, EPIPE, ECONNABORTED: .reset
        case EADDRINUSE: .addressInUse
        default: .other
        }
    }
}
