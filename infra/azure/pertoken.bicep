// pertoken as a scheduled job beside the storage account that Cost Management exports to.
//
// Makes: a Container Apps environment and job, its user-assigned identity, a container for the hub in
// the same storage account, and the rights of that identity: to read the account, to write the hub.
// Does not make: the exports, their storage account, the image.
// Deploy into the resource group of the storage account:
//   az deployment group create --resource-group GROUP --template-file pertoken.bicep \
//     --parameters exportsAccountName=NAME image=REGISTRY/pertoken:TAG
targetScope = 'resourceGroup'

@description('The region of everything that is made.')
param location string = resourceGroup().location

@description('What the names of the resources begin with.')
@minLength(3)
@maxLength(12)
param name string = 'pertoken'

@description('The storage account of this resource group that holds the exports.')
param exportsAccountName string

@description('The container and folder of the exports, as in az://CONTAINER/FOLDER.')
param exportsPath string = 'cost/exports'

@description('The image of pertoken, with its registry and tag.')
param image string

@description('When the job runs: a cron expression of five fields, in UTC.')
param schedule string = '30 5 * * *'

@description('Cores of the job; memory in GiB is twice that.')
@allowed(['1.0', '2.0', '4.0'])
param cores string = '2.0'

@description('After how many seconds a run of the job is ended. The hub keeps what was committed.')
@minValue(600)
param timeoutSeconds int = 7200

@description('The container of the hub, in the same storage account; made if it is not there.')
param hubContainerName string = 'pertoken-hub'

var memory = { '1.0': '2Gi', '2.0': '4Gi', '4.0': '8Gi' }
// The built-in roles Storage Blob Data Reader and Storage Blob Data Contributor.
var blobReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource exportsAccount 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: exportsAccountName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${name}-identity'
  location: location
}

resource readsExports 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(exportsAccount.id, identity.id, blobReader)
  scope: exportsAccount
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobReader)
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' existing = {
  parent: exportsAccount
  name: 'default'
}

resource hub 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: hubContainerName
  properties: { publicAccess: 'None' }
}

resource writesHub 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(hub.id, identity.id, blobContributor)
  scope: hub
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: '${name}-logs'
  location: location
  properties: {
    retentionInDays: 30
    sku: { name: 'PerGB2018' }
  }
}

resource environment 'Microsoft.App/managedEnvironments@2025-01-01' = {
  name: '${name}-environment'
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
  }
}

resource job 'Microsoft.App/jobs@2025-01-01' = {
  name: '${name}-ingest'
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: { cronExpression: schedule, parallelism: 1, replicaCompletionCount: 1 }
      replicaRetryLimit: 1
      replicaTimeout: timeoutSeconds
    }
    template: {
      containers: [
        {
          name: 'pertoken'
          image: image
          command: ['python', '/opt/pertoken/with_identity.py']
          args: ['ingest', 'az://${exportsPath}']
          env: [
            { name: 'PERTOKEN_AZURE_ACCOUNT', value: exportsAccount.name }
            { name: 'PERTOKEN_HUB', value: 'az://${hub.name}/hub' }
            { name: 'PERTOKEN_IDENTITY_CLIENT_ID', value: identity.properties.clientId }
          ]
          resources: { cpu: json(cores), memory: memory[cores] }
        }
      ]
    }
  }
  dependsOn: [readsExports, writesHub]
}

output jobName string = job.name
output identityId string = identity.id
output hubAddress string = 'az://${hub.name}/hub'
