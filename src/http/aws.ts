/** A partition of AWS: a group of regions with DNS names of their own. */
export interface AwsPartition {
  readonly name: string;
  /** Names of the partition's regions, including future ones. */
  readonly region: RegExp;
  /** Domain of the services in these regions. */
  readonly dnsSuffix: string;
}

/** All partitions of AWS. A test compares them with the table of the AWS SDK. */
export const awsPartitions: readonly AwsPartition[] = [
  { name: 'aws', region: /^(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+$/, dnsSuffix: 'amazonaws.com' },
  { name: 'aws-cn', region: /^cn-[a-z]+-\d+$/, dnsSuffix: 'amazonaws.com.cn' },
  { name: 'aws-eusc', region: /^eusc-[a-z]{2}-[a-z]+-\d+$/, dnsSuffix: 'amazonaws.eu' },
  { name: 'aws-us-gov', region: /^us-gov-[a-z]+-\d+$/, dnsSuffix: 'amazonaws.com' },
  { name: 'aws-iso', region: /^us-iso-[a-z]+-\d+$/, dnsSuffix: 'c2s.ic.gov' },
  { name: 'aws-iso-b', region: /^us-isob-[a-z]+-\d+$/, dnsSuffix: 'sc2s.sgov.gov' },
  { name: 'aws-iso-e', region: /^eu-isoe-[a-z]+-\d+$/, dnsSuffix: 'cloud.adc-e.uk' },
  { name: 'aws-iso-f', region: /^us-isof-[a-z]+-\d+$/, dnsSuffix: 'csp.hci.ic.gov' },
];

/** Returns the partition of a region; `undefined` if the text cannot be the name of a region. */
export const partitionOf = (region: string): AwsPartition | undefined =>
  awsPartitions.find((partition) => partition.region.test(region));

/** Reports whether a text can be the ID of a Cognito app client (source: Amazon Cognito API reference, `ClientIdType`). */
export const isCognitoClientId = (text: string): boolean => /^[\w+]{1,128}$/.test(text);

/** Reports whether a text can be the ID of a Cognito user pool: its region, `_`, and letters and digits. */
export function isUserPoolId(text: string): boolean {
  const [, region = ''] = /^([a-z\d-]{1,40})_[A-Za-z\d]{1,55}$/.exec(text) ?? [];
  return partitionOf(region) !== undefined;
}

/** Reports whether a text can be the name of a bucket, or of an access point as it appears in a host name. */
export const isBucketName = (text: string): boolean => /^[A-Za-z\d][\w.-]{2,254}$/.test(text);
