/// What runs a piece of code for: made by a tracer, and only carried here.
package protocol TraceContext: AnyObject, Sendable {}

/// The span of one question, from the moment it is asked to its end.
package protocol AskSpan: Sendable {
    /// What the question is asked in.
    var context: any TraceContext { get }
    /// The question is over.
    ///
    /// - Parameter error: Why it got no reply; `nil` where it got one.
    func end(_ error: AskError?)
}

/// How actors are connected to a tracer.
package protocol MessageTracing: Sendable {
    /// The context in which the calling code runs; `nil` for none.
    var current: (any TraceContext)? { get }
    /// Runs code in a context; without one, for nothing in particular.
    func run<Result>(in context: (any TraceContext)?, _ body: () throws -> Result) rethrows -> Result
    /// Begins the span of a question, in the context of the calling code.
    ///
    /// - Parameter target: What is asked.
    func begin(asking target: String) -> any AskSpan
    /// What another node needs to make a context of the same trace; empty if nothing.
    func texts(of context: any TraceContext) -> [String: String]
    /// The context that texts of another node stand for; `nil` if none.
    func context(of texts: [String: String]) -> (any TraceContext)?
}
