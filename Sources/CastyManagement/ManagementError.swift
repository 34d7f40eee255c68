public import CastyCore

/// Why a node cannot be managed over HTTP.
public struct ManagementError: CastyError {
    /// What happened.
    @nonexhaustive
    public enum Code: String, CastyErrorCode {
        /// A setting cannot work; the message names it, its value and what is possible.
        case badSetting = "bad setting"
        /// The server cannot listen on its address.
        case cannotListen = "cannot listen"
        /// The server was started before; it runs once.
        case alreadyStarted = "already started"
    }

    /// What happened.
    public let code: Code
    /// For a person: what is wrong, and what to do.
    public let message: String
    /// The error behind this one, if there is one.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
}
