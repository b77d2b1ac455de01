import type { ErrorCode } from '../../contract/errors.js';

/** Reason why Cognito does not log a user in with the password alone, and the action for a person. */
interface LoginObstacle {
  readonly code: ErrorCode;
  /** Action for a person. Default: that of the code. */
  readonly action?: string;
}

const NEW_PASSWORD = `set it as COGNITO_PASSWORD (or in the file or command that provides it) on the worker, and restart it.`;
const NO_MFA: LoginObstacle = {
  code: 'LOGIN_CHALLENGE',
  action: `A worker cannot enter a code. Have whoever administers the Aplos users turn off multi-factor authentication for this user, or set COGNITO_USER_NAME and COGNITO_PASSWORD on the worker to an account for automation without it.`,
};
const FLOW: LoginObstacle = {
  code: 'LOGIN_FLOW_UNSUPPORTED',
  action: `Have whoever administers the Cognito user pool allow the flow ALLOW_USER_PASSWORD_AUTH for this app client, or set COGNITO_CLIENT_ID on the worker to an app client that allows it.`,
};
const SECRET: LoginObstacle = {
  code: 'LOGIN_FLOW_UNSUPPORTED',
  action: `Set COGNITO_CLIENT_ID on the worker to an app client without a client secret.`,
};

const BY_CHALLENGE = new Map<string, LoginObstacle>(
  Object.entries({
    NEW_PASSWORD_REQUIRED: {
      code: 'LOGIN_CHALLENGE',
      action: `Log in to Aplos NCA in a browser as this user and choose a new password, ${NEW_PASSWORD}`,
    },
    SMS_MFA: NO_MFA,
    EMAIL_OTP: NO_MFA,
    SMS_OTP: NO_MFA,
    SOFTWARE_TOKEN_MFA: NO_MFA,
    SELECT_MFA_TYPE: NO_MFA,
    MFA_SETUP: NO_MFA,
    WEB_AUTHN: NO_MFA,
    PASSWORD_VERIFIER: FLOW,
    PASSWORD_SRP: FLOW,
    SELECT_CHALLENGE: FLOW,
    CUSTOM_CHALLENGE: FLOW,
  }),
);

/** Returns what a challenge of Cognito means. */
export const obstacleOfChallenge = (challenge: string): LoginObstacle =>
  BY_CHALLENGE.get(challenge) ?? { code: 'LOGIN_CHALLENGE' };

/** Returns what an error of Cognito means, if it is about the way in which users log in; `undefined` if it is not. */
export function obstacleOfError(type: string, message: string): LoginObstacle | undefined {
  if (/SECRET_HASH|client secret|configured with secret/i.test(message)) return SECRET;
  if (/auth flow|flow is not|flow not|method not supported|SRP/i.test(message)) return FLOW;
  if (type === 'PasswordResetRequiredException')
    return {
      code: 'LOGIN_CHALLENGE',
      action: `Reset the password of this user in Aplos NCA in a browser, ${NEW_PASSWORD}`,
    };
  if (type === 'UserNotConfirmedException')
    return {
      code: 'LOGIN_CHALLENGE',
      action: `Confirm this user with the link or code that Aplos sent by mail, or have an administrator confirm the user.`,
    };
  return undefined;
}
