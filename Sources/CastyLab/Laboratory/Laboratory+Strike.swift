package import CastyScenario

extension Laboratory {
    /// Lets a fault strike that has no verb of its own.
    package func strike(_ fault: Fault) throws {
        throw LabError("fault \(fault.kind.rawValue) does not exist here")
    }
}
