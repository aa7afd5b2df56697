package io.graft.engine.kernel.backward;

/**
 * The numbers of one step of AdamW.
 *
 * @param rate        the learning rate
 * @param beta1       decay of the first moment
 * @param beta2       decay of the second
 * @param epsilon     added to the root
 * @param decay       decoupled weight decay; 0 for tensors that have none
 * @param correction1 {@code 1 − beta1^t}
 * @param correction2 {@code 1 − beta2^t}
 * @param factor      on the gradient: what clipping leaves of it
 */
public record AdamWStep(double rate, double beta1, double beta2, double epsilon, double decay, double correction1, double correction2, double factor) {

    /**
     * The numbers of step t.
     *
     * @param t       how many steps this optimizer will have taken, from 1
     * @param rate    the learning rate
     * @param beta1   decay of the first moment
     * @param beta2   decay of the second
     * @param epsilon added to the root
     * @param decay   decoupled weight decay
     * @param factor  on the gradient
     * @return the step
     */
    public static AdamWStep of(int t, double rate, double beta1, double beta2, double epsilon, double decay, double factor) {
        return new AdamWStep(rate, beta1, beta2, epsilon, decay, 1 - StrictMath.pow(beta1, t), 1 - StrictMath.pow(beta2, t), factor);
    }
}
